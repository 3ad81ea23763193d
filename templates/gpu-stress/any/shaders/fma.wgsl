// Chains of fused multiply-adds in registers: the arithmetic limit of a device.
//
// Each pair (x, y) goes round an ellipse: x -= T * y, then y += T * x. The map keeps areas, so
// values stay bounded for ever, and so does what an error has changed: it is seen at the end, but
// for one in the last places, which later steps may round away again. Source: HAKMEM, item 149
// (Beeler, Gosper, Schroeppel; MIT AI Memo 239, 1972). 16 lanes of x and 16 of y make 32 fused
// multiply-adds a step, which is 64 operations.
//
// All workgroups run the same 64 x 16 chains, so the parts of a device are held to one another, and
// each of the chains to the reference.
//
// The program puts the type in front of this text: `alias real = f32;`.

struct Parameters { steps: u32, seed: u32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
// Eight vectors an invocation: its four x, then its four y.
@group(0) @binding(1) var<storage, read_write> results: array<vec4<real>>;

const T: real = real(0.6180339887498949);

// The output permutation RXS-M-XS of PCG on a counter. Source: O'Neill, "PCG: A family of simple
// fast space-efficient statistically good algorithms for random number generation", 2014.
fn random(counter: u32) -> u32 {
    let state = counter * 747796405u + parameters.seed;
    let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
    return (word >> 22u) ^ word;
}

// In steps of 1/1024 from 1 to 2, which every precision holds exactly.
fn start(counter: u32) -> real {
    return real(1.0) + real(random(counter) >> 22u) / real(1024.0);
}

fn start4(counter: u32) -> vec4<real> {
    return vec4<real>(start(counter), start(counter + 1u), start(counter + 2u), start(counter + 3u));
}

@compute @workgroup_size(64)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
) {
    let lane = local.x * 32u;
    var x0 = start4(lane); var x1 = start4(lane + 4u);
    var x2 = start4(lane + 8u); var x3 = start4(lane + 12u);
    var y0 = start4(lane + 16u); var y1 = start4(lane + 20u);
    var y2 = start4(lane + 24u); var y3 = start4(lane + 28u);
    let plus = vec4<real>(T);
    let minus = -plus;
    for (var step = 0u; step < parameters.steps; step += 1u) {
        x0 = fma(minus, y0, x0); x1 = fma(minus, y1, x1);
        x2 = fma(minus, y2, x2); x3 = fma(minus, y3, x3);
        y0 = fma(plus, x0, y0); y1 = fma(plus, x1, y1);
        y2 = fma(plus, x2, y2); y3 = fma(plus, x3, y3);
    }
    let place = id.x * 8u;
    results[place] = x0; results[place + 1u] = x1;
    results[place + 2u] = x2; results[place + 3u] = x3;
    results[place + 4u] = y0; results[place + 5u] = y1;
    results[place + 6u] = y2; results[place + 7u] = y3;
}
