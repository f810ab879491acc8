// Eight rows of x for every lane, which reads them all: for adapters without subgroups.
//
// x       [rows, inputs / 4]   vec4<f32>

struct Thread {
    @builtin(local_invocation_index) index: u32,
}

fn row(index: u32, column: u32) -> vec4<f32> {
    return x[min(index, size.rows - 1u) * (size.inputs / 4u) + column];
}

// Features 4·column … 4·column + 3 of rows first … first + 7.
fn eight_rows(first: u32, column: u32, thread: Thread) -> array<vec4<f32>, 8> {
    return array(
        row(first, column), row(first + 1u, column), row(first + 2u, column), row(first + 3u, column),
        row(first + 4u, column), row(first + 5u, column), row(first + 6u, column), row(first + 7u, column),
    );
}

fn four_columns(column: u32) -> vec4<f32> {
    return x[min(column, size.inputs / 4u - 1u)];
}

// The 32 features of a block of the only row.
fn eight_columns(block: u32, thread: Thread) -> array<vec4<f32>, 8> {
    let first = 8u * block;
    return array(
        four_columns(first), four_columns(first + 1u), four_columns(first + 2u), four_columns(first + 3u),
        four_columns(first + 4u), four_columns(first + 5u), four_columns(first + 6u), four_columns(first + 7u),
    );
}
