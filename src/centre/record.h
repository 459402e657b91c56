/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_RECORD_H
#define QW_CENTRE_RECORD_H

#include "centre/books.h"

/* Sealing of the store's records: AES-256-GCM under a key of the record's own, HKDF of the KEK over
 * kind and id, so no nonce space is shared. Kind, id, tag and version are authenticated: a record
 * cannot be moved, renamed, given another state or set back without being noticed. */
enum { QW_RECORD_OVERHEAD = 28 };

qw_err qw_record_seal(const struct qw_centre *centre, const struct qw_store_op *record,
                      uint64_t version, const uint8_t *plain, size_t len, uint8_t *out) QW_MUST_USE;
/* The first sealed_len bytes of the record's blob; also one that the KEK before has sealed, while
 * all is wrapped anew. QW_ERR_IO: altered (the store is not to be trusted). */
qw_err qw_record_open(const struct qw_centre *centre, enum qw_store_kind kind,
                      const struct qw_store_record *record, size_t sealed_len,
                      uint8_t *plain) QW_MUST_USE;

/* The same with a certain KEK alone. */
qw_err qw_record_open_under(const uint8_t kek[static QW_KEK_LEN], enum qw_store_kind kind,
                            const struct qw_store_record *record, size_t sealed_len,
                            uint8_t *plain) QW_MUST_USE;

/* Gets a record and opens it into the centre's scratch. *len is its plain length. QW_ERR_NOT_FOUND.
 */
qw_err qw_record_load(struct qw_centre *centre, enum qw_store_kind kind, const void *id,
                      size_t id_len, uint64_t *version, size_t *len) QW_MUST_USE;

#endif
