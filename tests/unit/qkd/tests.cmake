# SPDX-License-Identifier: Apache-2.0
qwave_wrap(qkd optics calloc)
