// Compares results bit for bit with the first ones of the same input, as words of 32 bits.
//
// Results repeat themselves, across as well as down: `first` has one tile of them. A row of results
// has 2^row_shift words, a row of the tile column_mask + 1, and there are row_mask + 1 of those;
// results in one row have a row_mask of 0.

struct Parameters { words: u32, row_shift: u32, row_mask: u32, column_mask: u32 }

// `seen` counts invocations, so that not all wait for one word where much is wrong, and does not
// wrap where `count` does.
struct Faults { seen: atomic<u32>, count: atomic<u32>, addresses: array<u32, 16> }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read_write> first: array<u32>;
@group(0) @binding(2) var<storage, read_write> results: array<u32>;
@group(0) @binding(3) var<storage, read_write> faults: Faults;

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let width = countOneBits(parameters.column_mask);
    var count = 0u;
    for (var at = id.x; at < parameters.words; at += groups.x * 256u) {
        let row = (at >> parameters.row_shift) & parameters.row_mask;
        if first[(row << width) | (at & parameters.column_mask)] != results[at] {
            if count == 0u {
                let slot = atomicAdd(&faults.seen, 1u);
                if slot < 16u { faults.addresses[slot] = at; }
            }
            count += 1u;
        }
    }
    if count != 0u { atomicAdd(&faults.count, count); }
}
