//! Arrays are printed as NumPy prints them. The cases in `printing.txt` were written by NumPy itself, by `printing.py`;
//! `POLYARRAY_PRINTING` names a longer file of its making.
use half::f16;
use num_complex::{Complex32, Complex64};
use polyarray_core::array::Array;
use polyarray_core::dtype::Element;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn array<const N: usize, T: Element>(shape: &[usize], bytes: &[u8], of: fn([u8; N]) -> T) -> Array {
    let some: Vec<T> = bytes.chunks_exact(N).map(|c| of(c.try_into().unwrap())).collect();
    let all = some.into_iter().cycle().take(shape.iter().product()).collect();
    Array::from_vec(all, shape).unwrap()
}

fn read(dtype: &str, shape: &[usize], hex: &str) -> Array {
    fn halves<const N: usize, const M: usize>(b: [u8; N]) -> ([u8; M], [u8; M]) {
        (b[..M].try_into().unwrap(), b[M..].try_into().unwrap())
    }
    let bytes = bytes(hex);
    match dtype {
        "bool" => array(shape, &bytes, |[b]: [u8; 1]| b != 0),
        "int8" => array(shape, &bytes, i8::from_le_bytes),
        "int64" => array(shape, &bytes, i64::from_le_bytes),
        "uint32" => array(shape, &bytes, u32::from_le_bytes),
        "float16" => array(shape, &bytes, f16::from_le_bytes),
        "float32" => array(shape, &bytes, f32::from_le_bytes),
        "float64" => array(shape, &bytes, f64::from_le_bytes),
        "complex64" => array(shape, &bytes, |b: [u8; 8]| {
            let (re, im) = halves(b);
            Complex32::new(f32::from_le_bytes(re), f32::from_le_bytes(im))
        }),
        "complex128" => array(shape, &bytes, |b: [u8; 16]| {
            let (re, im) = halves(b);
            Complex64::new(f64::from_le_bytes(re), f64::from_le_bytes(im))
        }),
        other => panic!("{other} is not among the cases"),
    }
}

fn print(a: &Array, options: &str) -> String {
    let (flags, precision) = options.split_once('.').unwrap_or((options, ""));
    match (flags, precision.parse::<usize>()) {
        ("", Err(_)) => format!("{a}"),
        ("+", Err(_)) => format!("{a:+}"),
        ("#", Err(_)) => format!("{a:#}"),
        ("+#", Err(_)) => format!("{a:+#}"),
        ("", Ok(n)) => format!("{a:.n$}"),
        ("+", Ok(n)) => format!("{a:+.n$}"),
        ("#", Ok(n)) => format!("{a:#.n$}"),
        ("+#", Ok(n)) => format!("{a:+#.n$}"),
        (other, _) => panic!("{other} is no option"),
    }
}

#[test]
fn arrays_are_printed_as_numpy_prints_them() {
    let named = std::env::var("POLYARRAY_PRINTING").ok();
    let cases = match &named {
        Some(path) => &std::fs::read_to_string(path).unwrap(),
        None => include_str!("printing.txt"),
    };
    let (mut count, mut wrong) = (0, Vec::new());
    for line in cases.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [dtype, shape, options, bits, want] = fields[..] else { panic!("{line}") };
        let shape: Vec<usize> = shape.split(',').filter_map(|n| n.parse().ok()).collect();
        let got = print(&read(dtype, &shape, bits), options);
        let want = want.replace("\\n", "\n");
        count += 1;
        if got != want {
            wrong.push(format!("{dtype}{shape:?} {{:{options}}} of {bits:.64}\n{got}\n--- NumPy:\n{want}"));
        }
    }
    assert!(count >= 100, "{count} cases");
    assert!(
        wrong.is_empty(),
        "{} of {count}, the first:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(8)].join("\n\n")
    );
}

#[test]
fn widths_are_those_of_elements() {
    let x = Array::from(vec![1, -20]);
    assert_eq!(format!("{x:5}"), "[    1   -20]");
    assert_eq!(format!("{x:<5}"), "[  1   -20  ]");
    assert_eq!(format!("{:8.2}|", Array::scalar(2.5)), "    2.50|");
    assert_eq!(format!("{:8.2}|", Array::scalar(2.5).item().unwrap()), "    2.50|");
    assert_eq!(Array::scalar(f16::from_f32(0.1)).item().unwrap().to_string(), "0.1");
}
