/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key_source.h"

#include "crypto/random.h"

static size_t kernel_available_bits(void *self)
{
    (void)self; /* the kernel's generator has no state of ours */
    return SIZE_MAX;
}

static qw_err kernel_take(void *self, uint8_t *key, size_t len)
{
    (void)self;
    return qw_random_bytes(key, len);
}

static void kernel_close(void *self)
{
    (void)self;
}

qw_err qw_key_source_kernel(struct qw_key_source *source)
{
    *source = (struct qw_key_source){ .name = "kernel",
                                      .available_bits = kernel_available_bits,
                                      .take = kernel_take,
                                      .close = kernel_close };
    return QW_OK;
}
