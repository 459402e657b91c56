# SPDX-License-Identifier: Apache-2.0
qwave_wrap(program start qw_crypto_selftest qw_secret_new)
