/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_FUZZ_HANDLER_MEMORY_STORE_H
#define QW_TESTS_FUZZ_HANDLER_MEMORY_STORE_H

#include "store/store.h"

/* A store in memory whose copies share their records: a copy costs a table of pointers. One thread
 * at a time. Ends the program when memory is short. */
struct memory_store;

struct memory_store *memory_store_new(void);
struct memory_store *memory_store_copy(const struct memory_store *store);
void memory_store_free(struct memory_store *store);

/* The verbs on it; closing them does nothing. */
struct qw_store memory_store_verbs(struct memory_store *store);

/* Whether len >= 1 bytes stand anywhere in a record. */
bool memory_store_holds(const struct memory_store *store, const void *bytes, size_t len);

#endif
