/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_JSON_READER_H
#define QW_API_JSON_READER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads a received JSON text: strict grammar, at most QW_JSON_DEPTH_MAX levels, at most
 * QW_JSON_MEMBERS_MAX members of an object and QW_JSON_ITEMS_MAX items of an array, no repeated
 * member names. A wrong or missing field fails the reader and leaves the output as it was, so a
 * decoder is a list of fields and one question at the end. Strings are wiped at close: they may
 * hold keys. */
enum { QW_JSON_MEMBERS_MAX = 64, QW_JSON_ITEMS_MAX = 1024, QW_JSON_TEXT_MAX = 4 << 20 };
#define QW_JSON_UINT_MAX ((uint64_t)1 << 53) /* above it a reader with doubles loses units */

struct qw_json_node; /* a value inside; NULL stands for "absent", and everything asked of it fails
                      */

struct qw_json_reader {
    struct qw_json_node *root; /* owned */
    bool failed;
};

/* QW_ERR_FORMAT; then nothing is to be closed. len 0 is QW_ERR_FORMAT too. */
qw_err qw_json_open(const void *text, size_t len, struct qw_json_reader *r) QW_MUST_USE;
void qw_json_close(struct qw_json_reader *r);
bool qw_json_ok(const struct qw_json_reader *r);
/* Both in one: closes, and QW_ERR_FORMAT when something was not as it was asked for. */
qw_err qw_json_end(struct qw_json_reader *r) QW_MUST_USE;

/* Member of an object; NULL when it is absent or object is none (no failure: for optional ones). */
const struct qw_json_node *qw_json_find(const struct qw_json_node *object, const char *name);
/* The root, which must be an object, or NULL and failure. */
const struct qw_json_node *qw_json_root_object(struct qw_json_reader *r);
/* Array called name with min..max items; *count says how many. */
const struct qw_json_node *qw_json_get_array(struct qw_json_reader *r,
                                             const struct qw_json_node *object, const char *name,
                                             size_t min, size_t max, size_t *count);
/* Item of an array, NULL behind its end. */
const struct qw_json_node *qw_json_item(const struct qw_json_node *array, size_t index);

/* Member of an object by its position, NULL behind the last, and the name it has there (borrowed).
 */
const struct qw_json_node *qw_json_member(const struct qw_json_node *object, size_t index,
                                          const char **name);

bool qw_json_is_object(const struct qw_json_node *node);
/* A node that is itself a text of min..cap-1 bytes: an item of an array of texts. */
void qw_json_take_text(struct qw_json_reader *r, const struct qw_json_node *node, char *out,
                       size_t min, size_t cap);

/* Required members of an object. Text: min..cap-1 bytes. Base64: min..cap bytes decoded. Hex and
 * UUID: exactly so long. */
void qw_json_get_text(struct qw_json_reader *r, const struct qw_json_node *object, const char *name,
                      char *out, size_t min, size_t cap);
void qw_json_get_uint(struct qw_json_reader *r, const struct qw_json_node *object, const char *name,
                      uint64_t min, uint64_t max, uint64_t *value);
void qw_json_get_real(struct qw_json_reader *r, const struct qw_json_node *object, const char *name,
                      double *value);
void qw_json_get_bool(struct qw_json_reader *r, const struct qw_json_node *object, const char *name,
                      bool *value);
void qw_json_get_base64(struct qw_json_reader *r, const struct qw_json_node *object,
                        const char *name, uint8_t *out, size_t min, size_t cap, size_t *len);
void qw_json_get_hex(struct qw_json_reader *r, const struct qw_json_node *object, const char *name,
                     uint8_t *out, size_t len);
void qw_json_get_uuid(struct qw_json_reader *r, const struct qw_json_node *object, const char *name,
                      uint8_t out[static 16]);

#endif
