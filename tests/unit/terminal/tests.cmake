# SPDX-License-Identifier: Apache-2.0
qwave_wrap(terminal card_fault write fsync rename mkostemp qw_secret_new calloc strdup qw_random_bytes)
qwave_wrap(terminal card_destroy write fsync rename unlink)
