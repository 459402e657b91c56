/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_SEEN_IDS_H
#define QWAVED_SOURCE_SEEN_IDS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* The ids of keys that were ever taken from another's server, in a file: no key comes in twice,
 * also not after a restart. Two generations: when the newer is full, the older is forgotten, so at
 * least the last generation_ids ids are known. 16 bytes on disk and 64 in memory for each. One
 * thread. */
struct seen_ids;

/* Files: path and, for the older generation, path ".old". A batch that a crash cut short at the end
 * of a file is dropped: its keys were never used. generation_ids: a power of two, 16 to 2^24.
 * QW_ERR_ARG, QW_ERR_NOMEM, QW_ERR_IO. */
qw_err seen_ids_open(const char *path, size_t generation_ids, struct seen_ids **out) QW_MUST_USE;
void seen_ids_close(struct seen_ids *seen); /* NULL is fine */

/* Durable when it returns QW_OK. QW_ERR_CONFLICT: one of them is known, or comes twice here; none
 * is added. QW_ERR_IO: none shall be used; later calls may work again. */
qw_err seen_ids_add(struct seen_ids *seen, const uint8_t (*ids)[16], size_t count) QW_MUST_USE;

#endif
