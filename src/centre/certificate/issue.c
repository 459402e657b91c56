/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates issued and renewed [C4]. */
#include "centre/certificate/issue.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "centre/certificate/register.h"
#include "centre/people/officer_record.h"

#include <stdio.h>
#include <string.h>

enum { DETAIL_CAP = 96 };

/* Those of the name that are neither revoked nor over stay in it; records of those that are over
 * go. */
static qw_err prune(struct qw_centre *centre, struct qw_group *group,
                    struct qw_certificate_name *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < name->count; i++) {
        struct qw_certificate_record record;
        qw_err err = qw_certificate_record_load(centre, name->serials[i], &record);
        bool is_over;

        if (err != QW_OK) {
            return err == QW_ERR_NOT_FOUND ? QW_ERR_IO : err;
        }
        is_over = record.entry.made.not_after_ms <= qw_clock_utc_ms();
        if (is_over) {
            qw_certificate_record_remove(centre, group, &record);
        } else if (!record.entry.is_revoked) {
            memmove(name->serials[kept++], name->serials[i], sizeof name->serials[i]);
        }
    }
    name->count = kept;
    return QW_OK;
}

static qw_err sign(struct qw_centre *centre, const struct qw_certificate_order *order,
                   struct qw_certificate_made *made)
{
    const struct qw_signing_request *asked = order->asked;
    const char *hosts[QW_CERTIFICATE_HOSTS_MAX];
    struct qw_certificate_request request = {
        .purpose = order->subject->kind == QW_SUBJECT_CENTRE ? QW_CERTIFICATE_SERVER
                                                             : QW_CERTIFICATE_CLIENT,
        .uri = asked->uri,
        .hosts = hosts,
        .host_count = asked->host_count,
        .days = order->days == 0 ? centre->config.certificate_days : order->days,
        .status_url = centre->config.status_url
    };
    X509 *leaf;
    qw_err err;

    for (size_t i = 0; i < asked->host_count; i++) {
        hosts[i] = asked->hosts[i];
    }
    if (!qw_certificate_request_ok(&request)) {
        return QW_ERR_ARG; /* a client with hosts, a server without */
    }
    leaf = qw_certificate_leaf_new(centre->authorities[asked->profile], &request, asked->key);
    err = leaf == NULL ? QW_ERR_NOMEM : qw_certificate_describe(leaf, made);
    X509_free(leaf);
    return err;
}

static void enter(struct qw_centre *centre, struct qw_group *group,
                  const struct qw_certificate_order *order, const struct qw_certificate_made *made,
                  struct qw_certificate_name *name)
{
    struct qw_certificate_record record = {
        .entry = { .made = *made, .profile = order->asked->profile, .issued_ms = qw_clock_utc_ms() }
    };
    struct qw_certificate_entry *entry = &record.entry;

    memcpy(entry->name, order->subject->name, sizeof entry->name);
    memcpy(entry->unit, order->unit, sizeof entry->unit);
    (void)snprintf(entry->issued_by, sizeof entry->issued_by, "%s",
                   order->deed->caller == NULL ? "card" : order->deed->caller->id);
    memcpy(name->serials[name->count++], made->serial, sizeof made->serial);
    qw_certificate_record_put(centre, group, &record);
    qw_certificate_name_put(centre, group, name);
}

static qw_err refuse(struct qw_centre *centre, struct qw_group *group,
                     const struct qw_certificate_order *order, qw_err err, const char *why)
{
    qw_group_drop(group);
    return qw_centre_refuse(centre, order->deed, err, why);
}

qw_err qw_certificate_carry_out(struct qw_centre *centre, const struct qw_certificate_order *order,
                                struct qw_group *group, struct qw_certificate_made *out)
{
    struct qw_certificate_made made;
    struct qw_certificate_name name;
    char hex[2 * QW_CERTIFICATE_SERIAL_LEN + 1];
    char detail[DETAIL_CAP];
    qw_err err;

    if (centre->authorities[order->asked->profile] == NULL) {
        return refuse(centre, group, order, QW_ERR_UNAVAILABLE, "no authority for such a key");
    }
    if (order->days > centre->config.certificate_days) {
        return refuse(centre, group, order, QW_ERR_ARG, "longer than certificates live here");
    }
    err = qw_certificate_name_load(centre, order->subject->name, &name);
    if (err == QW_OK) {
        err = prune(centre, group, &name);
    }
    if (err != QW_OK) {
        qw_group_drop(group);
        return err;
    }
    if (!order->is_renewal && name.count > 0) {
        return refuse(centre, group, order, QW_ERR_CONFLICT, "one of this name is in force");
    }
    if (order->is_renewal && name.count == 0) {
        return refuse(centre, group, order, QW_ERR_STATE, "none of this name is in force");
    }
    if (name.count == QW_CERTIFICATES_OF_A_NAME) {
        return refuse(centre, group, order, QW_ERR_LIMIT, "too many of this name are in force");
    }
    err = sign(centre, order, &made);
    if (err != QW_OK) {
        return refuse(centre, group, order, err, "it could not be made");
    }
    enter(centre, group, order, &made, &name);
    qw_hex_encode(made.serial, sizeof made.serial, hex);
    (void)snprintf(detail, sizeof detail, "%s, serial %s",
                   qw_certificate_profile_names[order->asked->profile], hex);
    err = qw_group_commit(centre, group, order->deed, detail);
    if (err == QW_OK) {
        *out = made;
    }
    return err;
}

/* The holder by a certificate of his own that is in force: then he needs no right. */
static bool is_holder(struct qw_centre *centre, const struct qw_caller *caller,
                      const struct qw_certificate_subject *subject)
{
    struct qw_certificate_name name;

    if (caller->role != subject->role || strcmp(caller->id, subject->id) != 0 ||
        qw_certificate_name_load(centre, subject->name, &name) != QW_OK) {
        return false;
    }
    for (size_t i = 0; i < name.count; i++) {
        struct qw_certificate_record record;

        if (qw_certificate_record_load(centre, name.serials[i], &record) == QW_OK &&
            !record.entry.is_revoked &&
            qw_equal_ct(record.entry.made.hash, caller->certificate_hash,
                        sizeof record.entry.made.hash)) {
            return true;
        }
    }
    return false;
}

static qw_err work(struct qw_centre *centre, struct qw_certificate_order *order)
{
    const struct qw_certificate_subject *subject = order->subject;
    struct qw_group group;
    qw_err err = QW_OK;

    if (!order->is_renewal || !is_holder(centre, order->deed->caller, subject)) {
        err = qw_certificate_subject_reach(centre, order->deed, subject, QW_RIGHT_CERTIFICATE_ISSUE,
                                           order->unit);
    }
    if (err == QW_OK) {
        err = qw_certificate_subject_stands(centre, order->deed, subject, order->unit);
    }
    if (err != QW_OK) {
        return err;
    }
    qw_group_begin(centre, &group);
    return qw_certificate_carry_out(centre, order, &group, order->made);
}

/* Who may not ask learns nothing about his request. */
static qw_err refuse_request(struct qw_centre *centre, const struct qw_certificate_order *order,
                             qw_err result, const char *why)
{
    struct qw_officer_record self;
    qw_err err = QW_OK;

    if (!order->is_renewal && (qw_officer_standing(centre, order->deed->caller, &self) != QW_OK ||
                               !qw_roles_have(self.officer.roles, QW_RIGHT_CERTIFICATE_OFFICER))) {
        err = qw_right_find(centre, order->deed, QW_RIGHT_CERTIFICATE_ISSUE, &self);
    } else if (!order->is_renewal) {
        err = qw_right_find(centre, order->deed, QW_RIGHT_CERTIFICATE_OFFICER, &self);
    }
    return err == QW_OK ? qw_centre_refuse(centre, order->deed, result, why) : err;
}

/* Checked before the centre is entered: signatures take their time. */
static qw_err take(struct qw_centre *centre, const struct qw_caller *caller,
                   const struct qw_certificate_wish *wish, bool is_renewal,
                   struct qw_certificate_made *made)
{
    struct qw_signing_request asked = { .key = NULL };
    struct qw_certificate_subject subject;
    struct qw_deed deed = { .caller = caller,
                            .verb = is_renewal ? "certificate-renew" : "certificate-issue",
                            .object = asked.uri };
    struct qw_certificate_order order = { .deed = &deed,
                                          .asked = &asked,
                                          .subject = &subject,
                                          .days = wish->days,
                                          .is_renewal = is_renewal,
                                          .made = made };
    const char *why = "a name that is nobody's";
    qw_err err = qw_signing_request_read(wish->request, wish->request_len, &asked, &why);

    if (err == QW_OK) {
        err = qw_certificate_subject_parse(centre, asked.uri, &subject);
    }
    qw_centre_enter(centre);
    err = err == QW_OK ? work(centre, &order) : refuse_request(centre, &order, err, why);
    qw_centre_leave(centre);
    qw_signing_request_free(&asked);
    return err;
}

qw_err qw_centre_certificate_issue(struct qw_centre *centre, const struct qw_caller *caller,
                                   const struct qw_certificate_wish *wish,
                                   struct qw_certificate_made *made)
{
    return take(centre, caller, wish, false, made);
}

qw_err qw_centre_certificate_renew(struct qw_centre *centre, const struct qw_caller *caller,
                                   const struct qw_certificate_wish *wish,
                                   struct qw_certificate_made *made)
{
    return take(centre, caller, wish, true, made);
}
