# SPDX-License-Identifier: Apache-2.0
qwave_wrap(distill toeplitz calloc aligned_alloc)
qwave_wrap(distill ldpc_code calloc)
qwave_wrap(distill ldpc_decoder calloc)
qwave_wrap(distill multilevel calloc)
qwave_wrap(distill cascade calloc free)
qwave_wrap(distill syndrome calloc aligned_alloc)
qwave_wrap(distill ldpc_int8 calloc aligned_alloc)
qwave_wrap(distill toeplitz_stream calloc)
