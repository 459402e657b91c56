# SPDX-License-Identifier: Apache-2.0
qwave_wrap(distill toeplitz calloc)
