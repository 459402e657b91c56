/* SPDX-License-Identifier: Apache-2.0 */
/* Why one transaction, sent in one go at READ COMMITTED, and why a counter settles a doubt about
 * its commit: docs/adr/0037-postgresql-behind-the-five-verbs.md. */
#include "store/postgres_group.h"

#include "base/bytes.h"
#include "base/secret.h"

enum { ATTEMPTS = 8 };

static void send_op(struct qw_postgres_link *link, const struct qw_store_op *op)
{
    static const enum qw_postgres_statement of_verb[] = { [QW_STORE_INSERT] = QW_POSTGRES_INSERT,
                                                          [QW_STORE_UPDATE] = QW_POSTGRES_UPDATE,
                                                          [QW_STORE_REMOVE] = QW_POSTGRES_REMOVE };
    char name[QW_POSTGRES_NAME_CAP];
    uint8_t tag[8];
    uint8_t version[8];
    struct qw_postgres_call call = { .statement = name };

    qw_postgres_name(op->kind, of_verb[op->verb], name);
    qw_store_u64be(tag, (uint64_t)op->tag);
    qw_store_u64be(version, op->expected_version);
    qw_postgres_call_add(&call, op->id, op->id_len);
    if (op->verb != QW_STORE_REMOVE) {
        qw_postgres_call_add(&call, tag, sizeof tag);
        qw_postgres_call_add(&call, op->blob, op->len);
    }
    if (op->verb != QW_STORE_INSERT) {
        qw_postgres_call_add(&call, version, sizeof version);
    }
    qw_postgres_link_send(link, &call);
}

static void send_group(struct qw_postgres_client *client, const struct qw_store_op *ops,
                       size_t count)
{
    struct qw_postgres_link *link = &client->link;
    struct qw_postgres_call begin = { .statement = qw_postgres_begin };
    struct qw_postgres_call mark = { .statement = qw_postgres_mark };
    struct qw_postgres_call turned = { .statement = qw_postgres_turned };
    struct qw_postgres_call commit = { .statement = qw_postgres_commit };
    uint8_t number[8];

    qw_store_u64be(number, (uint64_t)client->number);
    qw_postgres_call_add(&mark, client->id, sizeof client->id);
    qw_postgres_call_add(&mark, number, sizeof number);
    qw_postgres_link_begin(link);
    qw_postgres_link_send(link, &begin);
    qw_postgres_link_send(link, &mark);
    for (size_t i = 0; i < count; i++) {
        send_op(link, &ops[i]);
    }
    qw_postgres_link_send(link, &turned);
    qw_postgres_link_send(link, &commit);
    qw_postgres_link_sync(link);
}

/* The error of the first statement that failed; *failed is its operation, or count. */
static qw_err take_group(struct qw_postgres_client *client, size_t count, size_t *failed,
                         int64_t *turn_number)
{
    struct qw_postgres_link *link = &client->link;
    PGresult *turned = NULL;
    qw_err mark_err;
    qw_err end;
    qw_err err = qw_postgres_link_take(link, NULL); /* BEGIN */

    mark_err = qw_postgres_link_take(link, NULL);
    if (mark_err == QW_ERR_NOT_FOUND) { /* our row is not where we left it */
        client->is_set_back = true;
        mark_err = QW_ERR_REFUSED;
    }
    err = err == QW_OK ? mark_err : err;
    *failed = count;
    for (size_t i = 0; i < count; i++) {
        qw_err one = qw_postgres_link_take(link, NULL);

        *failed = err == QW_OK && one != QW_OK ? i : *failed;
        err = err == QW_OK ? one : err;
    }
    end = qw_postgres_link_take(link, &turned);
    *turn_number = end == QW_OK ? qw_postgres_number(turned) : -1;
    PQclear(turned);
    err = err == QW_OK ? end : err;
    end = qw_postgres_link_take(link, NULL); /* COMMIT */
    err = err == QW_OK ? end : err;
    end = qw_postgres_link_take_sync(link);
    return link->is_lost ? QW_ERR_CLOSED : err == QW_OK ? end : err;
}

/* No record had the operation's id and version: is there one with the id? An earlier operation of
 * the same group may have made or removed it; that is rolled back by now. */
static qw_err tell_apart(struct qw_postgres_client *client, const struct qw_store_op *ops,
                         size_t failed)
{
    const struct qw_store_op *op = &ops[failed];
    char name[QW_POSTGRES_NAME_CAP];
    struct qw_postgres_call call = { .statement = name };
    PGresult *found = NULL;
    bool exists;
    qw_err err;

    for (size_t i = failed; i > 0; i--) {
        const struct qw_store_op *before = &ops[i - 1];

        if (before->kind == op->kind && before->id_len == op->id_len &&
            qw_equal_ct(before->id, op->id, op->id_len)) {
            return before->verb == QW_STORE_REMOVE ? QW_ERR_NOT_FOUND : QW_ERR_CONFLICT;
        }
    }
    qw_postgres_name(op->kind, QW_POSTGRES_GET, name);
    qw_postgres_call_add(&call, op->id, op->id_len);
    err = qw_postgres_client_ask(client, &call, &found);
    if (err != QW_OK) {
        return err;
    }
    exists = PQntuples(found) > 0;
    PQclear(found);
    return exists ? QW_ERR_CONFLICT : QW_ERR_NOT_FOUND;
}

/* Once. QW_ERR_CLOSED: the link broke and the group is not durable. QW_ERR_STATE: rolled back in
 * favour of another process. */
static qw_err try_group(struct qw_postgres_client *client, const struct qw_store_op *ops,
                        size_t count)
{
    struct qw_postgres_call back = { .statement = qw_postgres_rollback };
    int64_t turn_number = -1;
    size_t failed = count;
    qw_err err;

    send_group(client, ops, count);
    err = take_group(client, count, &failed, &turn_number);
    if (err == QW_OK) {
        qw_postgres_client_count(client, turn_number);
        return QW_OK;
    }
    if (err == QW_ERR_CLOSED) {
        return qw_postgres_client_settle(client);
    }
    /* No COMMIT has run: nothing is in doubt. */
    if (qw_postgres_link_call(&client->link, &back, NULL) != QW_OK) {
        qw_postgres_link_close(&client->link);
    }
    if (err == QW_ERR_TIMEOUT) {
        return QW_ERR_STATE;
    }
    if (failed < count && err == QW_ERR_NOT_FOUND) {
        return tell_apart(client, ops, failed);
    }
    return qw_postgres_outwards(err);
}

qw_err qw_postgres_group_submit(struct qw_postgres_client *client, const struct qw_store_op *ops,
                                size_t count)
{
    qw_err err = QW_ERR_STATE;

    for (int i = 0; i < ATTEMPTS && (err == QW_ERR_STATE || err == QW_ERR_CLOSED); i++) {
        err = qw_postgres_client_ready(client);
        if (err == QW_OK && client->has_turn && client->has_lost_turn) {
            err = QW_ERR_IO; /* another process may have been at it since */
        }
        if (err == QW_OK) {
            err = try_group(client, ops, count);
        }
    }
    return qw_postgres_outwards(err);
}
