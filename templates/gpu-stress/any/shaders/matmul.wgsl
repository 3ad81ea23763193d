// C = A B for square matrices, in tiles in workgroup memory: arithmetic and memory together.
//
// A workgroup makes 64 x 64 elements of C, each of its 16 x 16 invocations 4 x 4 of them, from
// tiles of 64 x 16 of A and 16 x 64 of B. The side of the matrices is a multiple of 64.
// 2 n^3 operations a product. Sums of 16 products are made in the precision under test and added up
// in `total`, so that the error of f16 stays far below the values.
//
// The program puts the types in front of this text: `alias real = f32; alias total = f32;`.

struct Parameters { side: u32, seed: u32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read_write> left: array<real>;
@group(0) @binding(2) var<storage, read_write> right: array<real>;
@group(0) @binding(3) var<storage, read_write> product: array<real>;

var<workgroup> left_tile: array<real, 1024>;   // 16 columns, one after the other
var<workgroup> right_tile: array<real, 1024>;  // 16 rows, one after the other

// As in fma.wgsl.
fn random(counter: u32) -> u32 {
    let state = counter * 747796405u + parameters.seed;
    let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
    return (word >> 22u) ^ word;
}

// In steps of 1/512 from -1 to 1, which every precision holds exactly.
fn element(counter: u32) -> real {
    return real(i32(random(counter) >> 22u) - 512) / real(512.0);
}

// Fills A with the counters from 0 on, and B with those that follow. Rows of A repeat themselves
// after 64, and so do columns of B: all workgroups make the same 64 x 64 elements of C, so that the
// parts of a device are held to one another, and each element to the reference.
@compute @workgroup_size(256)
fn fill(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let count = parameters.side * parameters.side;
    for (var at = id.x; at < count; at += groups.x * 256u) {
        let row = at / parameters.side;
        let column = at % parameters.side;
        left[at] = element((row % 64u) * parameters.side + column);
        right[at] = element(64u * parameters.side + row * 64u + column % 64u);
    }
}

@compute @workgroup_size(16, 16)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let side = parameters.side;
    let first_row = group.y * 64u;
    let first_column = group.x * 64u;
    var sum: array<vec4<total>, 4>;
    for (var tile = 0u; tile < side; tile += 16u) {
        for (var place = index; place < 1024u; place += 256u) {
            left_tile[(place % 16u) * 64u + place / 16u] =
                left[(first_row + place / 16u) * side + tile + place % 16u];
            right_tile[place] = right[(tile + place / 64u) * side + first_column + place % 64u];
        }
        workgroupBarrier();
        var part: array<vec4<real>, 4>;
        for (var row = 0u; row < 4u; row += 1u) {
            part[row] = vec4<real>();  // some compilers clear a variable once, not each time round
        }
        for (var k = 0u; k < 16u; k += 1u) {
            let at = k * 64u + local.x * 4u;
            let across = vec4<real>(
                right_tile[at], right_tile[at + 1u], right_tile[at + 2u], right_tile[at + 3u]);
            let down = k * 64u + local.y * 4u;
            part[0] += left_tile[down] * across;
            part[1] += left_tile[down + 1u] * across;
            part[2] += left_tile[down + 2u] * across;
            part[3] += left_tile[down + 3u] * across;
        }
        for (var row = 0u; row < 4u; row += 1u) {
            sum[row] += vec4<total>(part[row]);
        }
        workgroupBarrier();
    }
    for (var row = 0u; row < 4u; row += 1u) {
        let at = (first_row + local.y * 4u + row) * side + first_column + local.x * 4u;
        product[at] = real(sum[row].x);
        product[at + 1u] = real(sum[row].y);
        product[at + 2u] = real(sum[row].z);
        product[at + 3u] = real(sum[row].w);
    }
}
