// What a word of pixels holds: red, green, blue and straight alpha from the lowest byte up. A pixel shows white behind it:
// v α / 255 + 255 − α, rounded as Pillow's blend does, without a division.
//
// words   [height, pitch]   u32

fn pixel(at: u32) -> vec3<i32> {
    let word = words[at];
    let alpha = word >> 24u;
    let color = vec3<u32>(word, word >> 8u, word >> 16u) & vec3<u32>(255u);
    let sum = color * alpha + vec3<u32>(255u * (255u - alpha) + 128u);
    return vec3<i32>(((sum >> vec3<u32>(8u)) + sum) >> vec3<u32>(8u));
}
