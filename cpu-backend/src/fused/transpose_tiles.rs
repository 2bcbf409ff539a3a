//! Tiles of turned inputs. A matrix that is walked across its rows gives one element of each cache line, and a block
//! of a row needs thousands of lines that fall into few sets of the cache: gathering block by block reads most of
//! them again and again. So whole tiles, many rows of the iteration high, are copied first, each line read once,
//! and blocks read the copy.

use std::ops::Range;

/// Rows of the iteration that a tile is high: for four-byte elements, four cache lines of a turned input.
pub const HEIGHT: usize = 64;
/// Bytes of a tile: it stays in the second-level cache.
const BYTES: usize = 256 << 10;
/// Side of the squares in which elements change places, within registers and the first-level cache.
const SQUARE: usize = 8;

/// Elements of a tile's row.
pub fn width(size: usize) -> usize {
    BYTES / HEIGHT / size
}

/// Elements from one row of the copy to the next one: a line more than the row, so that the rows of a square do not
/// fall into one set of the cache.
fn pitch(size: usize) -> usize {
    width(size) + 64 / size
}

/// Bytes of a copy.
pub fn bytes(size: usize) -> usize {
    HEIGHT * pitch(size) * size
}

/// Where an element of a tile stands in the copy, in bytes.
pub fn position(row: usize, column: usize, size: usize) -> usize {
    (row * pitch(size) + column) * size
}

/// A tile of an input: its first element, and steps between elements of a row and between rows.
#[derive(Clone, Copy)]
pub struct Turned {
    /// Element of the buffer.
    pub at: isize,
    /// From column to column.
    pub across: isize,
    /// From row to row.
    pub down: isize,
}

/// Copies a tile of `height` × `width` elements of `size` bytes.
pub fn copy(from: &[u8], size: usize, tile: Turned, height: usize, width: usize, out: &mut [u8]) {
    // As arrays that are aligned no more than any element of their size.
    match size {
        1 => copy_as::<u8>(from, tile, height, width, out),
        2 => copy_as::<u16>(from, tile, height, width, out),
        4 => copy_as::<u32>(from, tile, height, width, out),
        8 => copy_as::<[u32; 2]>(from, tile, height, width, out),
        _ => copy_as::<[u32; 4]>(from, tile, height, width, out),
    }
}

fn copy_as<T: bytemuck::Pod>(from: &[u8], tile: Turned, height: usize, width: usize, out: &mut [u8]) {
    let (from, out): (&[T], &mut [T]) = (bytemuck::cast_slice(from), bytemuck::cast_slice_mut(out));
    let pitch = pitch(size_of::<T>());
    let at = |row: usize, column: usize| {
        (tile.at + column as isize * tile.across + row as isize * tile.down) as usize
    };
    let cut = |n: usize| (0..n).step_by(SQUARE).map(move |i| i..n.min(i + SQUARE));
    for columns in cut(width) {
        for rows in cut(height) {
            if tile.down == 1 && rows.len() == SQUARE && columns.len() == SQUARE {
                let line = |i: usize| -> &[T; SQUARE] {
                    let first = at(rows.start, columns.start + i);
                    from[first..first + SQUARE].try_into().expect("as long as the range")
                };
                let lines: [&[T; SQUARE]; SQUARE] = std::array::from_fn(line);
                for (i, row) in rows.enumerate() {
                    let out = &mut out[row * pitch + columns.start..][..SQUARE];
                    out.iter_mut().zip(lines).for_each(|(o, line)| *o = line[i]);
                }
            } else {
                one_by_one(rows, columns.clone(), |row, column| {
                    out[row * pitch + column] = from[at(row, column)]
                });
            }
        }
    }
}

fn one_by_one(rows: Range<usize>, columns: Range<usize>, mut f: impl FnMut(usize, usize)) {
    for row in rows {
        columns.clone().for_each(|column| f(row, column));
    }
}
