/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_GROUP_H
#define QW_CENTRE_GROUP_H

#include "centre/books.h"

/* One verb's changes: collected, sealed, submitted as one atomic group together with the journal
 * record. An operation that cannot be added leaves the group failed; qw_group_commit tells. */
struct qw_group {
    struct qw_store_op *ops;
    size_t count, cap;
    uint8_t **memory; /* ids and sealed blobs the operations borrow */
    size_t memory_count, memory_cap;
    struct qw_books books;         /* as they will be after the commit */
    struct qw_audit_event *events; /* journal records beside the verb's own */
    size_t event_count, event_cap;
    bool is_signed;   /* ends with a signature over the journal, whether one is due or not */
    bool moves_books; /* writes the books though they are as before: under another KEK */
    bool is_keyless;  /* the KEK is not known: nothing sealed can be written */
    qw_err err;
};

void qw_group_begin(const struct qw_centre *centre, struct qw_group *group);

/* Adds an operation on a record sealed under the KEK. plain is borrowed for the call. version: of
 * the record as it stands (0 for INSERT). */
void qw_group_add(struct qw_centre *centre, struct qw_group *group, enum qw_store_verb verb,
                  struct qw_store_op record, const uint8_t *plain, size_t len);

/* The same with a tail that is sealed already, kept behind the sealed plain text. */
void qw_group_add_with_tail(struct qw_centre *centre, struct qw_group *group,
                            enum qw_store_verb verb, struct qw_store_op record,
                            const uint8_t *plain, size_t len, const uint8_t *tail, size_t tail_len);

/* Inserts a record that is not sealed under the KEK: the wrapped KEK itself, and what has no blob.
 */
void qw_group_add_plain(struct qw_group *group, enum qw_store_kind kind, const void *id,
                        size_t id_len, const uint8_t *blob, size_t len);

/* Removes such a record. */
void qw_group_remove_plain(struct qw_group *group, enum qw_store_kind kind, const void *id,
                           size_t id_len, uint64_t version);

/* Replaces such a record. */
void qw_group_replace_plain(struct qw_group *group, enum qw_store_kind kind, const void *id,
                            size_t id_len, uint64_t version, const uint8_t *blob, size_t len);

void qw_group_fail(struct qw_group *group, qw_err err); /* keeps the first error */

/* Adds a journal record to a group that carries the work of several callers. */
void qw_group_note(struct qw_group *group, const struct qw_deed *deed, const char *detail);
/* Submits a group whose journal records are all noted; at least one. */
qw_err qw_group_commit_noted(struct qw_centre *centre, struct qw_group *group) QW_MUST_USE;

/* Submits everything with its journal record; on QW_OK the centre's books have moved. Frees. */
qw_err qw_group_commit(struct qw_centre *centre, struct qw_group *group, const struct qw_deed *deed,
                       const char *detail) QW_MUST_USE;
/* The same for a group whose verb is refused all the same (a clone is suspended). */
qw_err qw_group_commit_refusal(struct qw_centre *centre, struct qw_group *group,
                               const struct qw_deed *deed, qw_err result,
                               const char *cause) QW_MUST_USE;
/* The same before the KEK is known: the journal record alone. */
qw_err qw_group_commit_keyless(struct qw_centre *centre, struct qw_group *group,
                               const struct qw_deed *deed, qw_err result,
                               const char *cause) QW_MUST_USE;
void qw_group_drop(struct qw_group *group);

#endif
