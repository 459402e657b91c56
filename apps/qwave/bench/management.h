/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_BENCH_MANAGEMENT_H
#define QWAVE_BENCH_MANAGEMENT_H

#include "base/error.h"

#include <stddef.h>

/* `qwave bench management`: what managing a centre costs. Each measurement is a file of its own and
 * adds its figures to one sheet. */
enum { MANAGEMENT_FIGURES_MAX = 16 };
struct management_sheet {
    struct {
        const char *name; /* static, with its unit; the JSON field */
        double value;
    } figures[MANAGEMENT_FIGURES_MAX];
    size_t count;
};
void management_add(struct management_sheet *sheet, const char *name, double value);

struct management_wishes {
    size_t queries; /* calls of each kind, 8 to 100 000 */
    size_t devices; /* in the large registry, 1000 to 10 000 000 */
    /* Empty databases of PostgreSQL for the large registry and for the small one, in which the
     * tables stay; NULL: SQLite files of the measurement's own. Of the registry alone. */
    const char *database, *small_database;
};

/* audit_cost_share: part of the throughput of audited fetches that their journal takes, median of
 * nine pairs of rounds; and both throughputs. */
qw_err bench_audit(const struct management_wishes *wishes,
                   struct management_sheet *sheet) QW_MUST_USE;

/* unseal_s: from the last share of a quorum to the first answer of the open centre, the slowest of
 * five starts. */
qw_err bench_unseal(const struct management_wishes *wishes,
                    struct management_sheet *sheet) QW_MUST_USE;

/* registry_p99_ratio_1e6 (registry_p99_ratio where the large registry has another size): the 99th
 * percentile of the time that the thread takes for a question to the large registry over that of
 * the same to one of a thousand devices, the worst of ten questions, each percentile the median of
 * nine rounds; registry_devices; registry_p99_ms: how long whoever asks the large one waits, over
 * all questions; registry_import_per_s: devices; registry_quota_s: a tenth of them gets its
 * unit's first quota, while nobody else is served; registry_index_build_s: the first start with a
 * store of schema 2. */
qw_err bench_registry(const struct management_wishes *wishes,
                      struct management_sheet *sheet) QW_MUST_USE;

/* auth_per_s: proofs of certificate and quantum key that a centre takes, challenge and answer, one
 * caller after the other, each a durable group; at most 1000 of them. */
qw_err bench_authentication(const struct management_wishes *wishes,
                            struct management_sheet *sheet) QW_MUST_USE;

#endif
