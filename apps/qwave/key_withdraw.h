/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_KEY_WITHDRAW_H
#define QWAVE_KEY_WITHDRAW_H

#include <stdbool.h>
#include <stddef.h>

/* What an application says of keys that it is a party of: K10 of docs/protocol/etsi014.md.
 * identity: a file as operator.yaml, with the application's certificate. Prints what the centre
 * answers. Gives the exit status. */
enum { KEY_WITHDRAW_IDS_MAX = 128 };
int key_withdraw(const char *identity, const char *url, const char *verb, const char *const *ids,
                 size_t count, bool as_json);

#endif
