/* SPDX-License-Identifier: Apache-2.0 */
/* Imports as officers see them: begun, filled, decided or dropped [C8]. */
#include "centre/device/import.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "centre/device/import_record.h"
#include "centre/device/import_staging.h"
#include "centre/people/officer_record.h"
#include "crypto/random.h"

#include <stdio.h>
#include <string.h>

/* What one call does of an import that is decided or dropped, each step under a lock of its own. */
enum { STEPS_MAX = 8, OBJECT_CAP = 33 };

static void start_deed(struct qw_deed *deed, const struct qw_caller *caller, const char *verb,
                       const uint8_t id[static 16], char object[static OBJECT_CAP])
{
    qw_hex_encode(id, 16, object);
    *deed = (struct qw_deed){ .caller = caller, .verb = verb, .object = object };
}

/* His import, which is not over. */
static qw_err find_own(struct qw_centre *centre, const struct qw_deed *deed,
                       const uint8_t id[static 16], struct qw_import_record *import)
{
    struct qw_officer_record self;
    struct qw_import_record found;
    qw_err err = qw_right_find(centre, deed, QW_RIGHT_DEVICE_REGISTER, &self);

    if (err != QW_OK) {
        return err;
    }
    err = qw_import_load(centre, &found);
    if (err == QW_ERR_NOT_FOUND || (err == QW_OK && (!qw_equal_ct(found.id, id, sizeof found.id) ||
                                                     strcmp(found.officer, deed->caller->id) != 0 ||
                                                     strcmp(found.unit, self.officer.unit) != 0))) {
        return qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "no such import of his");
    }
    if (err == QW_OK) {
        *import = found;
    }
    return err;
}

/* Does some of what is to be done for an import; *is_more: there is something left. */
static qw_err work(struct qw_centre *centre, bool *is_more)
{
    struct qw_import_record import;
    qw_err err = QW_OK;

    *is_more = true;
    for (int i = 0; i < STEPS_MAX && err == QW_OK && *is_more; i++) {
        qw_centre_enter(centre);
        err = centre->turn_err == QW_OK ? qw_import_load(centre, &import) : QW_ERR_IO;
        *is_more = err == QW_OK &&
                   (import.state == QW_IMPORT_DECIDED || import.state == QW_IMPORT_DROPPING);
        if (*is_more) {
            err = qw_import_step(centre, &import);
        }
        qw_centre_leave(centre);
    }
    return err == QW_ERR_NOT_FOUND ? QW_OK : err;
}

/* Leaves it to be taken back; whoever asks for that works on it afterwards. */
static qw_err drop(struct qw_centre *centre, const struct qw_deed *deed,
                   struct qw_import_record *import, const char *detail)
{
    struct qw_group group;

    import->state = QW_IMPORT_DROPPING;
    import->done = 0;
    qw_group_begin(centre, &group);
    qw_import_put(centre, &group, import);
    return qw_group_commit(centre, &group, deed, detail);
}

static bool is_idle(const struct qw_import_record *import)
{
    return import->state == QW_IMPORT_OPEN &&
           qw_clock_utc_ms() - import->touched_ms > QW_IMPORT_IDLE_MS;
}

/* Where there is none: a new one. *is_begun: it is there. */
static qw_err try_begin(struct qw_centre *centre, const struct qw_deed *deed,
                        const struct qw_import_record *wanted, bool *is_begun)
{
    struct qw_officer_record self;
    struct qw_import_record import = { .version = 0, .state = QW_IMPORT_DONE };
    struct qw_group group;
    qw_err err = qw_right_find(centre, deed, QW_RIGHT_DEVICE_REGISTER, &self);

    if (err == QW_OK) {
        err = qw_import_load(centre, &import);
        err = err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    if (err != QW_OK) {
        return err;
    }
    if (import.state == QW_IMPORT_DECIDED) {
        return qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "another one is decided");
    }
    if (import.state == QW_IMPORT_OPEN) {
        return is_idle(&import) || strcmp(import.officer, deed->caller->id) == 0
                   ? drop(centre, deed, &import, "the one before is taken back")
                   : qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "another officer has begun");
    }
    if (import.state == QW_IMPORT_DROPPING) {
        return QW_OK;
    }
    *is_begun = true;
    qw_group_begin(centre, &group);
    memcpy(import.id, wanted->id, sizeof import.id);
    memcpy(import.officer, wanted->officer, sizeof import.officer);
    memcpy(import.certificate_hash, wanted->certificate_hash, sizeof import.certificate_hash);
    memcpy(import.unit, self.officer.unit, sizeof import.unit);
    import.state = QW_IMPORT_OPEN;
    import.touched_ms = qw_clock_utc_ms();
    import.staged = import.done = 0;
    qw_import_put(centre, &group, &import);
    return qw_group_commit(centre, &group, deed, import.unit);
}

qw_err qw_centre_import_begin(struct qw_centre *centre, const struct qw_caller *caller,
                              uint8_t id[static 16])
{
    struct qw_import_record wanted = { .version = 0 };
    char object[OBJECT_CAP];
    struct qw_deed deed;
    bool is_begun = false;
    bool is_more = true;
    qw_err err = qw_random_bytes(wanted.id, sizeof wanted.id);

    start_deed(&deed, caller, "device-import-begin", wanted.id, object);
    memcpy(wanted.officer, caller->id, sizeof wanted.officer);
    memcpy(wanted.certificate_hash, caller->certificate_hash, sizeof wanted.certificate_hash);
    for (int i = 0; i < 2 && err == QW_OK && !is_begun; i++) {
        qw_centre_enter(centre);
        err = try_begin(centre, &deed, &wanted, &is_begun);
        qw_centre_leave(centre);
        if (err == QW_OK && !is_begun) {
            err = work(centre, &is_more);
        }
    }
    if (err == QW_OK && !is_begun) {
        err = QW_ERR_CONFLICT; /* a long one is still being taken back */
    }
    if (err == QW_OK) {
        memcpy(id, wanted.id, sizeof wanted.id);
    }
    return err;
}

qw_err qw_centre_import_add(struct qw_centre *centre, const struct qw_caller *caller,
                            const uint8_t id[static 16], const struct qw_import_chunk *chunk,
                            struct qw_import_fault *fault)
{
    struct qw_import_staging staging;
    struct qw_import_record import;
    char object[OBJECT_CAP];
    struct qw_deed deed;
    bool is_more;
    qw_err err = qw_import_staging_read(chunk, &staging);

    start_deed(&deed, caller, "device-import-add", id, object);
    if (err == QW_OK || err == QW_ERR_ARG) {
        qw_err own;

        qw_centre_enter(centre);
        own = find_own(centre, &deed, id, &import);
        if (own == QW_OK && import.state != QW_IMPORT_OPEN) {
            own = qw_centre_refuse(centre, &deed, QW_ERR_NOT_FOUND, "the import is over");
        }
        err = own != QW_OK   ? own
              : err == QW_OK ? qw_import_staging_put(centre, &deed, &import, &staging)
                             : err;
        qw_centre_leave(centre);
    }
    if (err == QW_ERR_FORMAT || err == QW_ERR_LIMIT) {
        *fault = staging.fault;
        (void)!work(centre, &is_more); /* the rest goes with housekeeping */
    }
    qw_import_staging_wipe(&staging);
    return err;
}

static qw_err decide(struct qw_centre *centre, const struct qw_deed *deed,
                     struct qw_import_record *import)
{
    struct qw_group group;
    char detail[64];

    if (import->state != QW_IMPORT_OPEN) {
        return QW_OK;
    }
    import->state = QW_IMPORT_DECIDED;
    qw_group_begin(centre, &group);
    qw_import_put(centre, &group, import);
    (void)snprintf(detail, sizeof detail, "%llu devices", (unsigned long long)import->staged);
    return qw_group_commit(centre, &group, deed, detail);
}

qw_err qw_centre_import_commit(struct qw_centre *centre, const struct qw_caller *caller,
                               const uint8_t id[static 16], struct qw_import_progress *progress)
{
    struct qw_import_record import;
    char object[OBJECT_CAP];
    struct qw_deed deed;
    bool is_more = true;
    qw_err err;

    start_deed(&deed, caller, "device-import-commit", id, object);
    for (int i = 0; i < 2; i++) { /* before and after the work */
        qw_centre_enter(centre);
        err = find_own(centre, &deed, id, &import);
        if (err == QW_OK &&
            (import.state == QW_IMPORT_DROPPING || import.state == QW_IMPORT_DROPPED)) {
            err = qw_centre_refuse(centre, &deed, QW_ERR_NOT_FOUND, "the import is over");
        }
        if (err == QW_OK) {
            err = decide(centre, &deed, &import);
        }
        qw_centre_leave(centre);
        if (err == QW_OK && i == 0) {
            err = work(centre, &is_more);
        }
        if (err != QW_OK) {
            return err;
        }
    }
    *progress = (struct qw_import_progress){ .devices = import.staged,
                                             .left = import.state == QW_IMPORT_DONE
                                                         ? 0
                                                         : import.staged - import.done };
    return QW_OK;
}

qw_err qw_centre_import_drop(struct qw_centre *centre, const struct qw_caller *caller,
                             const uint8_t id[static 16])
{
    struct qw_import_record import;
    char object[OBJECT_CAP];
    struct qw_deed deed;
    bool is_more;
    qw_err err;

    start_deed(&deed, caller, "device-import-drop", id, object);
    qw_centre_enter(centre);
    err = find_own(centre, &deed, id, &import);
    if (err == QW_OK && (import.state == QW_IMPORT_DECIDED || import.state == QW_IMPORT_DONE)) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_STATE, "it is decided");
    }
    if (err == QW_OK && import.state == QW_IMPORT_OPEN) {
        err = drop(centre, &deed, &import, "by its officer");
    }
    qw_centre_leave(centre);
    return err == QW_OK ? work(centre, &is_more) : err;
}

qw_err qw_import_sweep(struct qw_centre *centre)
{
    struct qw_deed deed = { .verb = "device-import-drop", .object = centre->config.centre_id };
    struct qw_import_record import;
    bool is_more;
    qw_err err;

    qw_centre_enter(centre);
    err = centre->turn_err == QW_OK ? qw_import_load(centre, &import) : QW_ERR_IO;
    if (err == QW_OK && is_idle(&import)) {
        err = drop(centre, &deed, &import, "nobody went on with it");
    }
    qw_centre_leave(centre);
    if (err == QW_OK && (import.state == QW_IMPORT_DECIDED || import.state == QW_IMPORT_DROPPING)) {
        err = work(centre, &is_more);
    }
    return err == QW_ERR_NOT_FOUND ? QW_OK : err;
}

qw_err qw_import_settle(struct qw_centre *centre)
{
    struct qw_deed deed = { .verb = "restore", .object = centre->config.centre_id };
    struct qw_import_record import;
    qw_err err = qw_import_load(centre, &import);

    if (err == QW_OK && import.state == QW_IMPORT_OPEN) {
        err = drop(centre, &deed, &import, "an import that was not decided");
    }
    while (err == QW_OK) {
        err = qw_import_load(centre, &import);
        if (err == QW_OK && import.state != QW_IMPORT_DECIDED &&
            import.state != QW_IMPORT_DROPPING) {
            return QW_OK;
        }
        if (err == QW_OK) {
            err = qw_import_step(centre, &import);
        }
    }
    return err == QW_ERR_NOT_FOUND ? QW_OK : err;
}
