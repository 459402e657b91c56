# SPDX-License-Identifier: Apache-2.0
qwave_wrap(base secret mlock madvise munmap)
