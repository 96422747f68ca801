//! A stored hash: the PHC string, its parts, and the computation behind it.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use portcullis_ports::passwords::PasswordHash;
use portcullis_ports::secret::same_secret;
use portcullis_ports::{Entropy, Error, Result};

use crate::cost::{Cost, Memory};

/// The length of a hash in bytes.
pub(crate) const OUTPUT: usize = 32;
/// The length of a salt in bytes.
const SALT: usize = 16;
/// What a stored hash must at least have; less would match too easily.
const MIN_OUTPUT: usize = 16;

/// What is computed: parameters, salt and the length of the result.
#[derive(Clone)]
pub(crate) struct Recipe {
    pub(crate) cost: Cost,
    salt: Salt,
    length: usize,
}

impl Recipe {
    /// With a fresh salt.
    pub(crate) fn fresh(cost: Cost, entropy: &dyn Entropy) -> Result<Self> {
        let mut salt = [0; SALT];
        entropy.fill(&mut salt)?;
        Ok(Self {
            cost,
            salt: Salt::new(&salt).map_err(broken)?,
            length: OUTPUT,
        })
    }

    /// Whether a hash of today would be made in the same way.
    pub(crate) fn is_current(&self, cost: Cost) -> bool {
        self.cost == cost && self.length == OUTPUT && self.salt.len() >= SALT
    }

    /// How many blocks of memory it takes.
    pub(crate) fn blocks(&self) -> Result<usize> {
        Ok(self.params()?.block_count())
    }

    fn params(&self) -> Result<Params> {
        let Cost {
            memory,
            iterations,
            parallelism,
        } = self.cost;
        Params::new(memory.0, iterations, parallelism, Some(self.length)).map_err(broken)
    }

    /// The slow part.
    pub(crate) fn compute(&self, password: &str, memory: &mut [Block]) -> Result<Output> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params()?);
        let mut bytes = [0; Output::MAX_LENGTH];
        let out = bytes
            .get_mut(..self.length)
            .ok_or_else(|| Error::internal("a hash that is too long"))?;
        argon2
            .hash_password_into_with_memory(password.as_bytes(), &self.salt, out, memory)
            .map_err(broken)?;
        Output::new(out).map_err(broken)
    }

    /// As text to be stored.
    pub(crate) fn written(&self, output: &[u8]) -> Result<PasswordHash> {
        let phc = Phc {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params()?).map_err(broken)?,
            salt: Some(self.salt),
            hash: Some(Output::new(output).map_err(broken)?),
        };
        Ok(PasswordHash(phc.to_string()))
    }
}

/// A hash that was read: how it was computed, and what came out.
pub(crate) struct Stored {
    pub(crate) recipe: Recipe,
    output: Output,
}

impl Stored {
    /// Reads a PHC string, and refuses what this hasher did not and would not make.
    pub(crate) fn read(hash: &PasswordHash) -> Result<Self> {
        let phc =
            Phc::new(&hash.0).map_err(|error| unreadable("it is not a PHC string").with_source(error))?;
        if phc.algorithm != ARGON2ID_IDENT || phc.version != Some(Version::V0x13.into()) {
            return Err(unreadable("it is not an Argon2id hash of version 19"));
        }
        let (Some(salt), Some(output)) = (phc.salt, phc.hash) else {
            return Err(unreadable("it has no salt or no output"));
        };
        if output.len() < MIN_OUTPUT {
            return Err(unreadable("its output is too short to be safe"));
        }
        let [Some(memory), Some(iterations), Some(parallelism)] =
            ["m", "t", "p"].map(|name| phc.params.get_decimal(name))
        else {
            return Err(unreadable("it lacks one of the parameters m, t and p"));
        };
        if phc.params.iter().count() != 3 {
            return Err(unreadable("it has parameters other than m, t and p"));
        }
        let cost = Cost {
            memory: Memory(memory),
            iterations,
            parallelism,
        };
        if let Some(mistake) = cost.mistakes().first() {
            return Err(unreadable(&format!("{}: {}", mistake.field, mistake.problem)));
        }
        let recipe = Recipe {
            cost,
            salt,
            length: output.len(),
        };
        Ok(Self { recipe, output })
    }

    /// Whether this came out, in constant time.
    pub(crate) fn is(&self, computed: &Output) -> bool {
        same_secret(self.output.as_bytes(), computed.as_bytes())
    }
}

/// Says why, and never shows the hash.
fn unreadable(why: &str) -> Error {
    Error::internal(format!("a stored password hash cannot be checked: {why}"))
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::internal("Argon2id refused its parameters").with_source(error)
}
