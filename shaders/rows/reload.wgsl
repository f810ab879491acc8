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

// The 32 features of a block of the only row.
fn eight_columns(block: u32, thread: Thread) -> array<vec4<f32>, 8> {
    return array(
        row(0u, 8u * block), row(0u, 8u * block + 1u), row(0u, 8u * block + 2u), row(0u, 8u * block + 3u),
        row(0u, 8u * block + 4u), row(0u, 8u * block + 5u), row(0u, 8u * block + 6u), row(0u, 8u * block + 7u),
    );
}
