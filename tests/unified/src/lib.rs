//! Features of dependencies, as the whole workspace has them: see the manifest.
