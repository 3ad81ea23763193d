// Patterns over a whole allocation, written and read back: bandwidth, and faulty cells.
//
// Words of 32 bits; `offset` is the number of the buffer's first word in the allocation.

struct Parameters { pattern: u32, seed: u32, offset: u32, inverted: u32 }

// As in compare.wgsl.
struct Faults { seen: atomic<u32>, count: atomic<u32>, addresses: array<u32, 16> }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read_write> words: array<u32>;
@group(0) @binding(2) var<storage, read_write> faults: Faults;

const RANDOM = 0u;
const WALKING_BIT = 1u;
const ADDRESS = 2u;

// As in fma.wgsl.
fn random(counter: u32) -> u32 {
    let state = counter * 747796405u + parameters.seed;
    let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
    return (word >> 22u) ^ word;
}

fn expected(at: u32) -> u32 {
    let address = parameters.offset + at;
    var word = address;
    if parameters.pattern == RANDOM { word = random(address); }
    if parameters.pattern == WALKING_BIT { word = 1u << ((address + parameters.seed) % 32u); }
    return word ^ parameters.inverted;
}

@compute @workgroup_size(256)
fn write(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    for (var at = id.x; at < arrayLength(&words); at += groups.x * 256u) {
        words[at] = expected(at);
    }
}

@compute @workgroup_size(256)
fn check(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    var count = 0u;
    for (var at = id.x; at < arrayLength(&words); at += groups.x * 256u) {
        if words[at] != expected(at) {
            if count == 0u {
                let slot = atomicAdd(&faults.seen, 1u);
                if slot < 16u { faults.addresses[slot] = parameters.offset + at; }
            }
            count += 1u;
        }
    }
    if count != 0u { atomicAdd(&faults.count, count); }
}
