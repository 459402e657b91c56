/* SPDX-License-Identifier: Apache-2.0 */
#include "reload/settings_change.h"

#include "base/secret.h"

#include <stdbool.h>
#include <string.h>

/* Each name here has a line in reload.c that makes it hold. What decides who may do what
 * (dual_control, custody) is not among them: it takes a start, with all that a start checks; nor
 * is revocation_list, for the publisher writes to where it was at the start. */
static const char *const live_names[] = {
    "certificate",     "key",
    "client_ca",       "partners",
    "syslog",          "stock_keys",
    "approval_s",      "journal_sign_records",
    "journal_sign_s",  "sae_keys_per_s",
    "pair_keys_per_s", "misses_per_s",
    "requests_per_s",  "log_level",
};

static bool is_live(const struct settings *before, const struct settings *after, const char *name)
{
    /* The thread that sends the journal is there or not; only where it sends to may change. */
    if (strcmp(name, "syslog") == 0 && (before->syslog[0] == '\0') != (after->syslog[0] == '\0')) {
        return false;
    }
    for (size_t i = 0; i < sizeof live_names / sizeof live_names[0]; i++) {
        if (strcmp(name, live_names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static size_t size_of(const struct qw_config_row *row)
{
    return row->kind == QW_CONFIG_TEXT  ? (size_t)row->max
           : row->kind == QW_CONFIG_INT ? sizeof(int64_t)
                                        : sizeof(int); /* the table has no other kinds */
}

void settings_compare(const struct settings *before, const struct settings *after,
                      struct settings_change *change)
{
    *change = (struct settings_change){ .live_count = 0 };
    qw_assert(settings_row_count <= SETTINGS_MAX);
    for (size_t i = 0; i < settings_row_count; i++) {
        const struct qw_config_row *row = &settings_rows[i];

        if (qw_equal_ct((const char *)before + row->offset, (const char *)after + row->offset,
                        size_of(row))) {
            continue;
        }
        if (is_live(before, after, row->name)) {
            change->live[change->live_count++] = row->name;
        } else {
            change->fixed[change->fixed_count++] = row->name;
        }
    }
}

void settings_take_live(struct settings *settings, const struct settings *after)
{
    for (size_t i = 0; i < settings_row_count; i++) {
        const struct qw_config_row *row = &settings_rows[i];

        if (is_live(settings, after, row->name)) {
            memcpy((char *)settings + row->offset, (const char *)after + row->offset, size_of(row));
        }
    }
}
