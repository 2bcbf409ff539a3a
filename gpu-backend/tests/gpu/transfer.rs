use polyarray_gpu::GpuError;

use crate::both_ways;

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 + i / 251) as u8).collect()
}

#[test]
fn what_goes_up_comes_down_and_is_counted() {
    for gpu in both_ways() {
        assert_eq!(
            gpu.transfer_stats(),
            polyarray_gpu::TransferStats::default(),
            "the probes' copies don't count"
        );
        let mut total = 0;
        let lengths = [1_usize, 2, 3, 4, 5, 1023, 4096, 70_001];
        for len in lengths {
            let sent = bytes(len);
            let buffer = gpu.upload(&sent, "x").unwrap();
            let mut got = vec![0xEE; len];
            gpu.read(&buffer, 0, &mut got).unwrap();
            assert_eq!(got, sent, "{len} bytes");
            total += len as u64;
        }
        let stats = gpu.transfer_stats();
        assert_eq!((stats.uploads, stats.upload_bytes), (lengths.len() as u64, total));
        assert_eq!((stats.downloads, stats.download_bytes), (lengths.len() as u64, total));
    }
}

#[test]
fn parts_are_read_from_any_byte() {
    for gpu in both_ways() {
        let sent = bytes(1000);
        let buffer = gpu.upload(&sent, "x").unwrap();
        for (start, end) in [(0, 0), (1, 2), (3, 9), (8, 16), (13, 999), (999, 1000)] {
            let mut got = vec![0; end - start];
            gpu.read(&buffer, start as u64, &mut got).unwrap();
            assert_eq!(got, sent[start..end], "{start}..{end}");
        }
        let mut beyond = vec![0; 8];
        let result = gpu.read(&buffer, buffer.capacity() - 4, &mut beyond);
        assert!(matches!(result, Err(GpuError::Range { .. })));
        let large = vec![0; buffer.capacity() as usize + 1];
        assert!(matches!(gpu.write(&buffer, &large), Err(GpuError::Range { .. })));
    }
}

#[test]
fn the_last_word_is_padded_with_zero() {
    for gpu in both_ways() {
        gpu.set_poison(Some(u32::MAX));
        let buffer = gpu.upload(&[1, 2, 3, 4, 5], "x").unwrap();
        let mut got = [0; 12];
        gpu.read(&buffer, 0, &mut got).unwrap();
        assert_eq!(got, [1, 2, 3, 4, 5, 0, 0, 0, 255, 255, 255, 255]);
    }
}

#[test]
fn arrays_larger_than_a_staging_piece_cross_whole() {
    for gpu in both_ways() {
        let sent = bytes((65 << 20) + 3);
        let buffer = gpu.upload(&sent, "x").unwrap();
        let mut got = vec![0xEE; sent.len()];
        gpu.read(&buffer, 0, &mut got).unwrap();
        assert!(got == sent);
        // From between words on, over the seams of several pieces, with the pieces used before.
        got.fill(0xEE);
        let part = (5 << 20) + 1..(40 << 20) + 6;
        gpu.read(&buffer, part.start as u64, &mut got[..part.len()]).unwrap();
        assert!(got[..part.len()] == sent[part]);
        let again: Vec<u8> = sent.iter().rev().copied().collect();
        gpu.write(&buffer, &again).unwrap();
        gpu.read(&buffer, 0, &mut got).unwrap();
        assert!(got == again);
    }
}

#[test]
fn a_read_back_is_a_future_or_something_to_wait_for() {
    for gpu in both_ways() {
        let sent = bytes(5000);
        let buffer = gpu.upload(&sent, "x").unwrap();
        let (first, second) =
            (gpu.read_async(&buffer, 0..5000).unwrap(), gpu.read_async(&buffer, 7..10).unwrap());
        assert_eq!(pollster::block_on(first).unwrap(), sent);
        assert_eq!(second.wait().unwrap(), sent[7..10]);
        let pending = gpu.read_async(&buffer, 0..4).unwrap();
        gpu.destroy();
        assert!(matches!(pollster::block_on(pending), Ok(_) | Err(GpuError::DeviceLost { .. })));
        assert!(matches!(gpu.read_async(&buffer, 0..4), Err(GpuError::DeviceLost { .. })));
    }
}

#[test]
fn threads_share_a_device() {
    for gpu in both_ways() {
        std::thread::scope(|scope| {
            for thread in 0..4_u8 {
                let gpu = &gpu;
                scope.spawn(move || {
                    for len in [100, 5000, 40_000, (17 << 20) + 1] {
                        let sent = vec![thread; len];
                        let buffer = gpu.upload(&sent, "x").unwrap();
                        let mut got = vec![0; len];
                        gpu.read(&buffer, 0, &mut got).unwrap();
                        assert_eq!(got, sent);
                    }
                });
            }
        });
    }
}
