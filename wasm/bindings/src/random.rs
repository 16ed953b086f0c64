//! Owns the randomness of everything in the module: the browser's, fetched a page at a time, for each crossing costs more than its bytes. No byte is given out twice.

use std::cell::RefCell;

use getrandom::{register_custom_getrandom, Error};
use wasm_bindgen::prelude::*;

/// Far below the 65,536 that browsers give at once, far above the 16 of a hash map's key, which is asked for most.
const POOL_BYTES: usize = 4_096;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn get_random_values(bytes: &mut [u8]) -> Result<JsValue, JsValue>;
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool::empty()) };
}

fn fill(wanted: &mut [u8]) -> Result<(), Error> {
    POOL.with_borrow_mut(|pool| pool.give(wanted, from_browser))
}

fn from_browser(bytes: &mut [u8]) -> Result<(), Error> {
    get_random_values(bytes).map(|_| ()).map_err(|_| Error::WEB_CRYPTO)
}

register_custom_getrandom!(fill);

/// The last `fresh` bytes were given to nobody, all others are zero.
struct Pool {
    bytes: [u8; POOL_BYTES],
    fresh: usize,
}

impl Pool {
    const fn empty() -> Self {
        let bytes = [0; POOL_BYTES];
        Self { bytes, fresh: 0 }
    }

    fn give(&mut self, mut wanted: &mut [u8], refill: impl Fn(&mut [u8]) -> Result<(), Error>) -> Result<(), Error> {
        while !wanted.is_empty() {
            if self.fresh == 0 {
                refill(&mut self.bytes)?;
                self.fresh = POOL_BYTES;
            }
            let (now, later) = wanted.split_at_mut(wanted.len().min(self.fresh));
            let from = POOL_BYTES - self.fresh;
            let given = &mut self.bytes[from..from + now.len()];
            now.copy_from_slice(given);
            given.fill(0);
            self.fresh -= now.len();
            wanted = later;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn every_byte_of_the_source_is_given_out_once_in_order_and_kept_no_longer() {
        let (mut pool, next) = (Pool::empty(), Cell::new(0_u64));
        let count_up = |bytes: &mut [u8]| {
            for number in bytes.chunks_exact_mut(8) {
                next.set(next.get() + 1);
                number.copy_from_slice(&next.get().to_be_bytes());
            }
            Ok(())
        };
        let mut given = Vec::new();
        for len in [0, 16, 1, 7, POOL_BYTES, 32, 3 * POOL_BYTES + 5, 16, 2 * POOL_BYTES - 77] {
            let mut wanted = vec![0; len];
            assert_eq!(pool.give(&mut wanted, count_up), Ok(()));
            given.extend(wanted);
            assert!(pool.bytes[..POOL_BYTES - pool.fresh].iter().all(|byte| *byte == 0));
        }
        let whole = 1..=next.get();
        let source: Vec<u8> = whole.flat_map(u64::to_be_bytes).collect();
        assert_eq!(given, source[..given.len()]);
        assert_eq!(source.len() - given.len(), pool.fresh);
    }

    #[test]
    fn a_source_that_fails_gives_its_error_and_no_byte() {
        let mut pool = Pool::empty();
        let mut wanted = [7; 16];
        assert_eq!(
            pool.give(&mut wanted, |_| Err(Error::WEB_CRYPTO)),
            Err(Error::WEB_CRYPTO)
        );
        assert_eq!(wanted, [7; 16]);
        assert_eq!(pool.fresh, 0);
    }
}
