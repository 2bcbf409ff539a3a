//! The domain `numpy.fft`: Fourier, cosine and sine transforms.
//!
//! Backends have kernels for one [`Spec`](crate::array::spec::Spec), transforms of the rows of a matrix; everything else is
//! written in terms of `fft`, `ifft`, `rfft` and `irfft`.

mod axes;
mod cosine;
mod frequencies;
mod options;
mod several;
mod sine;
pub(super) mod transform;

pub use axes::{erased_fftshift, erased_ifftshift, fftshift, ifftshift};
pub use cosine::{dct, dctn, erased_dct, erased_dctn, erased_idct, erased_idctn, idct, idctn};
pub use frequencies::{fftfreq, rfftfreq};
pub use options::{Along, Norm, Over, Wave, along, kind, length, lengths, over};
pub use several::{
    erased_fft2, erased_fftn, erased_ifft2, erased_ifftn, erased_irfft2, erased_irfftn, erased_rfft2,
    erased_rfftn, fft2, fftn, ifft2, ifftn, irfft2, irfftn, rfft2, rfftn,
};
pub use sine::{dst, dstn, erased_dst, erased_dstn, erased_idst, erased_idstn, idst, idstn};
pub use transform::{
    erased_fft, erased_hfft, erased_ifft, erased_ihfft, erased_irfft, erased_rfft, fft, hfft, ifft, ihfft,
    irfft, rfft,
};

use crate::dispatch::Registrar;

pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    transform::register(r, kind);
}
