// Compares results bit for bit with the first ones of the same input, as words of 32 bits.

struct Parameters { words: u32, offset: u32 }

struct Faults { count: atomic<u32>, addresses: array<u32, 16> }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read_write> first: array<u32>;
@group(0) @binding(2) var<storage, read_write> results: array<u32>;
@group(0) @binding(3) var<storage, read_write> faults: Faults;

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    for (var at = id.x; at < parameters.words; at += groups.x * 256u) {
        if first[at] != results[at] {
            let slot = atomicAdd(&faults.count, 1u);
            if slot < 16u { faults.addresses[slot] = parameters.offset + at; }
        }
    }
}
