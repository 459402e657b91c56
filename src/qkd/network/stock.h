/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_STOCK_H
#define QW_QKD_NETWORK_STOCK_H

#include "qkd/network/route.h"

#include <stdbool.h>

/* How many bits each link of a network has, and who has spoken for them [Q4]. A reservation covers
 * whole paths or nothing:
 *
 *                 reserve        commit            release, expire
 *   available --------------> reserved --------> gone
 *       ^                        |
 *       +------------------------+ (bits come back)
 *
 * Committed bits never come back: their pads may have left a node. Bits are counted in doubles,
 * exact below 2^53. */
struct qw_stock_book;

struct qw_stock_config {
    size_t links;            /* >= 1 */
    size_t reservations_max; /* open at once, 1..65536 */
    size_t hops_max;         /* of one reservation, all its paths together, >= 1 */
};

typedef uint64_t qw_reservation; /* never used again, by any reservation of this book */

/* All links are empty. QW_ERR_NOMEM. */
qw_err qw_stock_book_new(const struct qw_stock_config *config,
                         struct qw_stock_book **book) QW_MUST_USE;
void qw_stock_book_free(struct qw_stock_book *book); /* NULL is fine */

/* New key: at most so much that available and reserved together reach cap_bits; gives what was
 * added. */
double qw_stock_add(struct qw_stock_book *book, size_t link, double bits, double cap_bits);
double qw_stock_available(const struct qw_stock_book *book, size_t link);
double qw_stock_reserved(const struct qw_stock_book *book, size_t link);

/* bits on every link of every path, or nothing at all. Paths may share links. QW_ERR_EXHAUSTED: a
 * link has too little, *lacking (NULL: do not tell) says which; QW_ERR_LIMIT: reservations_max are
 * open; QW_ERR_ARG: bits is not above 0, or the paths are longer than hops_max. */
qw_err qw_stock_reserve(struct qw_stock_book *book, const struct qw_route *path, size_t path_count,
                        double bits, double deadline_s, qw_reservation *reservation,
                        size_t *lacking) QW_MUST_USE;

/* QW_ERR_NOT_FOUND: it was committed, released or has expired. */
qw_err qw_stock_commit(struct qw_stock_book *book, qw_reservation reservation) QW_MUST_USE;
qw_err qw_stock_release(struct qw_stock_book *book, qw_reservation reservation) QW_MUST_USE;

/* Releases what was not committed until its deadline, now_s itself included; gives how many. */
size_t qw_stock_expire(struct qw_stock_book *book, double now_s);

/* Whether the reservation is open and uses the link. */
bool qw_stock_uses(const struct qw_stock_book *book, qw_reservation reservation, size_t link);

#endif
