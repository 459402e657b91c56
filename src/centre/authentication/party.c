/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/authentication/party.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "centre/record.h"
#include "crypto/hash.h"

#include <stdio.h>
#include <string.h>

enum {
    LAYOUT = 1,
    PREFIX_LEN = 4,
    ID_LEN = PREFIX_LEN + 32,
    KEPT_LEN = 16 + 16 + 32 + 32 + 8 + 8 + 1 + 32 + QW_AUTH_ANSWER_LEN,
    PLAIN_CAP = 1 + 1 + QW_CERTIFICATE_URI_CAP + 1 + 8 + 1 + QW_AUTH_STATEMENTS_MAX * KEPT_LEN,
    IS_QUANTUM = 1,
    IS_SIMULATED = 2
};

static qw_err id_of(const char *name, uint8_t id[static ID_LEN])
{
    struct qw_bytes text = { name, strlen(name) };

    memcpy(id, "aut:", PREFIX_LEN);
    return qw_hash_of(QW_HASH_SHA256, &text, 1, id + PREFIX_LEN);
}

static void write_kept(struct qw_writer *w, const struct qw_auth_kept *kept)
{
    const struct qw_auth_statement *s = &kept->statement;

    qw_write_bytes(w, s->id, sizeof s->id);
    qw_write_bytes(w, s->serial, sizeof s->serial);
    qw_write_bytes(w, s->certificate_hash, sizeof s->certificate_hash);
    qw_write_bytes(w, s->context, sizeof s->context);
    qw_write_u64be(w, (uint64_t)s->time_ms);
    qw_write_u64be(w, (uint64_t)s->until_ms);
    qw_write_u8(w,
                (uint8_t)((s->is_quantum ? IS_QUANTUM : 0) | (s->is_simulated ? IS_SIMULATED : 0)));
    qw_write_bytes(w, kept->proof_hash, sizeof kept->proof_hash);
    qw_write_bytes(w, kept->answer, sizeof kept->answer);
}

static void read_kept(struct qw_reader *r, const char *name, struct qw_auth_kept *kept)
{
    struct qw_auth_statement *s = &kept->statement;
    uint8_t flags;

    memcpy(s->name, name, strlen(name) + 1);
    qw_read_bytes(r, s->id, sizeof s->id);
    qw_read_bytes(r, s->serial, sizeof s->serial);
    qw_read_bytes(r, s->certificate_hash, sizeof s->certificate_hash);
    qw_read_bytes(r, s->context, sizeof s->context);
    s->time_ms = (int64_t)qw_read_u64be(r);
    s->until_ms = (int64_t)qw_read_u64be(r);
    flags = qw_read_u8(r);
    s->is_quantum = (flags & IS_QUANTUM) != 0;
    s->is_simulated = (flags & IS_SIMULATED) != 0;
    qw_read_bytes(r, kept->proof_hash, sizeof kept->proof_hash);
    qw_read_bytes(r, kept->answer, sizeof kept->answer);
}

qw_err qw_auth_party_load(struct qw_centre *centre, const char *name, struct qw_auth_party *out)
{
    struct qw_auth_party party = { .version = 0 };
    uint8_t id[ID_LEN];
    struct qw_reader r;
    uint8_t layout;
    size_t len = 0;
    qw_err err = id_of(name, id);

    if (err == QW_OK) {
        err = qw_record_load(centre, QW_STORE_META, id, sizeof id, &party.version, &len);
    }
    if (err == QW_ERR_NOT_FOUND) {
        memcpy(party.name, name, strlen(name) + 1);
        *out = party;
        return QW_OK;
    }
    if (err != QW_OK) {
        return err;
    }
    r = qw_reader_on(centre->scratch, len);
    layout = qw_read_u8(&r);
    qw_read_string8(&r, party.name, sizeof party.name);
    party.failures = qw_read_u8(&r);
    party.locked_until_ms = (int64_t)qw_read_u64be(&r);
    party.count = qw_read_u8(&r);
    if (layout != LAYOUT || party.count > QW_AUTH_STATEMENTS_MAX || strcmp(party.name, name) != 0) {
        return QW_ERR_IO;
    }
    for (size_t i = 0; i < party.count; i++) {
        read_kept(&r, name, &party.kept[i]);
    }
    if (!qw_reader_done(&r)) {
        return QW_ERR_IO;
    }
    *out = party;
    return QW_OK;
}

void qw_auth_party_put(struct qw_centre *centre, struct qw_group *group,
                       const struct qw_auth_party *party)
{
    uint8_t id[ID_LEN];
    uint8_t plain[PLAIN_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);
    struct qw_store_op op = {
        .kind = QW_STORE_META, .id = id, .id_len = sizeof id, .expected_version = party->version
    };
    qw_err err = id_of(party->name, id);

    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    qw_write_u8(&w, LAYOUT);
    qw_write_string8(&w, party->name);
    qw_write_u8(&w, party->failures);
    qw_write_u64be(&w, (uint64_t)party->locked_until_ms);
    qw_write_u8(&w, (uint8_t)party->count);
    for (size_t i = 0; i < party->count; i++) {
        write_kept(&w, &party->kept[i]);
    }
    qw_assert(!w.failed); /* everything has bounds */
    qw_alarm_note_lock(centre, party->name, party->locked_until_ms);
    qw_group_add(centre, group, party->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, op, plain,
                 w.len);
}

const struct qw_auth_kept *qw_auth_party_find(const struct qw_auth_party *party,
                                              const uint8_t id[static 16], int64_t now_ms)
{
    for (size_t i = 0; i < party->count; i++) {
        const struct qw_auth_statement *s = &party->kept[i].statement;

        if (qw_equal_ct(s->id, id, sizeof s->id) && now_ms < s->until_ms) {
            return &party->kept[i];
        }
    }
    return NULL;
}

void qw_auth_party_keep(struct qw_auth_party *party, const struct qw_auth_kept *kept)
{
    if (party->count < QW_AUTH_STATEMENTS_MAX) {
        party->count++;
    }
    memmove(&party->kept[1], &party->kept[0], (party->count - 1) * sizeof party->kept[0]);
    party->kept[0] = *kept;
}

bool qw_auth_party_fail(struct qw_auth_party *party, int64_t now_ms)
{
    int64_t wait_ms = QW_AUTH_LOCK_MS;

    if (party->failures < UINT8_MAX) {
        party->failures++;
    }
    if (party->failures < QW_AUTH_FAILURES_MAX) {
        return false;
    }
    for (int i = QW_AUTH_FAILURES_MAX; i < party->failures && wait_ms < QW_AUTH_LOCK_MS_MAX; i++) {
        wait_ms *= 2;
    }
    party->locked_until_ms =
        now_ms + (wait_ms < QW_AUTH_LOCK_MS_MAX ? wait_ms : QW_AUTH_LOCK_MS_MAX);
    return true;
}

void qw_auth_party_count_failure(struct qw_centre *centre, struct qw_group *group,
                                 struct qw_auth_party *party, int64_t now_ms)
{
    struct qw_deed deed = { .verb = "authentication-lock", .object = party->name };
    char detail[QW_AUDIT_TEXT_CAP];

    if (qw_auth_party_fail(party, now_ms)) {
        (void)snprintf(detail, sizeof detail, "%u failures, for %lld s", (unsigned)party->failures,
                       (long long)((party->locked_until_ms - now_ms) / 1000));
        qw_group_note(group, &deed, detail);
        atomic_fetch_add(&centre->auth_locked, 1);
    }
    qw_auth_party_put(centre, group, party);
}
