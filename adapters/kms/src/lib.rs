//! Key manager that seals secrets with a key of AWS KMS.
