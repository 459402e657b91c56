/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_SUPPORT_MEMORY_INPUT_H
#define QW_TESTS_SUPPORT_MEMORY_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A memory that is read like a file: for struct qw_pcap_input. */
struct memory_input {
    const uint8_t *data; /* borrowed */
    size_t len, at;
};

static inline size_t memory_input_read(void *self, uint8_t *out, size_t len)
{
    struct memory_input *memory = self;
    size_t left = memory->len - memory->at;
    size_t step = left < len ? left : len;

    if (step > 0) {
        memcpy(out, memory->data + memory->at, step);
    }
    memory->at += step;
    return step;
}

#endif
