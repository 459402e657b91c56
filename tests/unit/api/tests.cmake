# SPDX-License-Identifier: Apache-2.0
qwave_wrap(api package qw_secret_new)
