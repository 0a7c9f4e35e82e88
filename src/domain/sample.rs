//! What one sample of a training is.

use super::closed_set;

closed_set! {
    /// What one sample of a training beyond text is, in which the FLOP of a forward pass and the size of a data set are counted.
    enum SampleUnit {
        /// An image, or a picture of a spectrogram; of a video its frames.
        Image = "image",
        /// A second of sound.
        Second = "second",
        /// An image with its text, or two texts that belong together.
        Pair = "pair",
    }
}
