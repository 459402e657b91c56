/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_JOURNAL_H
#define QWAVE_NODE_NODE_JOURNAL_H

#include "base/error.h"
#include "store/journal/signed_head.h"

#include <stdint.h>

/* What a node did that matters for security, as records of the journal of a centre (store/audit.h)
 * in an SQLite file of its own: chained by hashes, and signed group by group
 * when the settings name a key [C10]. A node without the setting has none, and all of this does
 * nothing. A journal that cannot be written, or signed, ends the node. One thread at a time. */
struct node;
struct node_journal;

/* What may come in crowds: at once the first time, then one record in ten seconds with the count.
 */
enum node_journal_crowd {
    NODE_JOURNAL_REFUSED,   /* who connected is no neighbour, or did not prove it */
    NODE_JOURNAL_HOP_TAG,   /* a message under a wrong tag of the hop */
    NODE_JOURNAL_END_TAG,   /* keys under a wrong end tag: a relay has altered them */
    NODE_JOURNAL_END_LIMIT, /* a mark that would cost too much of an end pool */
    NODE_JOURNAL_VOID,      /* batches that were given up */
    NODE_JOURNAL_NO_TWO,    /* orders over two paths that found no two */
    NODE_JOURNAL_TWO_VOID,  /* batches over two paths that were given up */
    NODE_JOURNAL_AGED,      /* bits of link key that were too old */
    NODE_JOURNAL_CROWDS
};

/* And the record of the start. Says on the log what is wrong. QW_ERR_CONFLICT: the journal of
 * another node, or signed by another key than the settings name; QW_ERR_ARG: a key without a
 * journal; others of the store and of node_key_file.h. */
qw_err node_journal_open(struct node *node) QW_MUST_USE;
/* And the record of the end. */
void node_journal_close(struct node *node);

/* One record; object: "node 3", or "" when it is about the node itself. */
void node_journal_write(struct node *node, const char *actor, const char *verb, const char *object,
                        qw_err result, const char *detail);
/* The same about a neighbour or another end, by this node. */
void node_journal_write_of(struct node *node, const char *verb, uint32_t other, qw_err result,
                           const char *detail);
void node_journal_count(struct node *node, enum node_journal_crowd crowd, const char *object);
void node_journal_add(struct node *node, enum node_journal_crowd crowd, uint64_t count,
                      const char *object); /* so many at once */
void node_journal_turn(struct node *node, int64_t now_ms);

/* Records so far; 0: none, or no journal. Head: of the last [32 bytes], NULL without one. */
uint64_t node_journal_records(const struct node *node);
const uint8_t *node_journal_head(const struct node *node);
/* The newest signature and its key: it binds all records but itself. QW_ERR_NOT_FOUND: none. */
qw_err node_journal_signed(const struct node *node, struct qw_signed_head *head,
                           struct qw_public_key *key) QW_MUST_USE;

#endif
