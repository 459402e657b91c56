/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C4 C10 */
/* The centre's register of certificates: issued once for a name, renewed while in force, taken
 * back, listed; over restarts and with a store that fails. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/certificate/signing_request.h"
#include "centre/certificate/certificate.h"
#include "centre/people/officer.h"
#include "unit/centre/scene.h"

#include <openssl/pem.h>
#include <stdio.h>

static int make(void **state)
{
    struct scene *scene;
    int status = scene_make(state);

    scene = *state;
    assert_int_equal(
        qw_centre_authority_found(scene->centre, &scene->operator_caller, QW_CERTIFICATE_P256),
        QW_OK);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "app-1",
                                               QW_DEVICE_APPLICATION, "", ""),
                     QW_OK);
    return status;
}

static qw_err ask_days(struct scene *scene, const struct qw_caller *caller, const char *name,
                       enum qw_certificate_profile profile, bool is_renewal, uint32_t days,
                       struct qw_certificate_made *made)
{
    struct qw_signing_request_made request;
    struct qw_certificate_wish wish = { .request = request.request, .days = days };

    assert_int_equal(qw_signing_request_new(profile, name, NULL, 0, &request), QW_OK);
    wish.request_len = strlen(request.request);
    return is_renewal ? qw_centre_certificate_renew(scene->centre, caller, &wish, made)
                      : qw_centre_certificate_issue(scene->centre, caller, &wish, made);
}

static qw_err issue(struct scene *scene, const char *name, struct qw_certificate_made *made)
{
    return ask_days(scene, &scene->operator_caller, name, QW_CERTIFICATE_P256, false, 0, made);
}

static qw_err renew(struct scene *scene, const struct qw_caller *caller, const char *name,
                    struct qw_certificate_made *made)
{
    return ask_days(scene, caller, name, QW_CERTIFICATE_P256, true, 0, made);
}

static qw_err take_back(struct scene *scene, const struct qw_certificate_made *made)
{
    return qw_centre_certificate_revoke(scene->centre, &scene->operator_caller, made->serial,
                                        QW_REVOKED_KEY_COMPROMISE);
}

static struct qw_certificate_entry find(struct scene *scene, const struct qw_certificate_made *made)
{
    struct qw_certificate_entry entry;

    assert_int_equal(
        qw_centre_certificate_find(scene->centre, &scene->operator_caller, made->serial, &entry),
        QW_OK);
    return entry;
}

static struct qw_audit_record last_record(struct scene *scene)
{
    struct last_record last = { .record = { .seq = 0 } };
    uint64_t records, broken;

    assert_int_equal(qw_audit_verify(&scene->store, keep_last, &last, &records, &broken), QW_OK);
    return last.record;
}

static void a_name_gets_one_and_it_is_in_the_books(void **state)
{
    struct scene *scene = *state;
    struct qw_certificate_made made, again;
    struct qw_certificate_entry entry;

    assert_int_equal(issue(scene, "urn:qwave:sae:app-1", &made), QW_OK);
    assert_int_equal(made.not_after_ms - made.not_before_ms,
                     (int64_t)QW_CERTIFICATE_ISSUED_DAYS * 86400000);
    assert_string_equal(last_record(scene).event.verb, "certificate-issue");
    assert_string_equal(last_record(scene).event.object, "urn:qwave:sae:app-1");
    assert_int_equal(issue(scene, "urn:qwave:sae:app-1", &again), QW_ERR_CONFLICT);
    assert_int_equal(last_record(scene).event.result, QW_ERR_CONFLICT);
    scene_restart(scene);
    assert_int_equal(issue(scene, "urn:qwave:sae:app-1", &again), QW_ERR_CONFLICT);
    entry = find(scene, &made);
    assert_string_equal(entry.name, "urn:qwave:sae:app-1");
    assert_string_equal(entry.issued_by, "alice");
    assert_memory_equal(entry.made.hash, made.hash, sizeof made.hash);
    assert_false(entry.is_revoked);
    assert_int_equal(take_back(scene, &made), QW_OK);
    assert_int_equal(issue(scene, "urn:qwave:sae:app-1", &again), QW_OK);
    assert_journal_whole(scene);
}

static void nobody_else_gets_any(void **state)
{
    struct scene *scene = *state;
    struct qw_certificate_made made;
    struct qw_certificate_wish wish = { .request = "x", .request_len = 1 };

    assert_int_equal(issue(scene, "urn:qwave:ap:nobody", &made), QW_ERR_NOT_FOUND);
    assert_int_equal(issue(scene, "urn:qwave:ap:app-1", &made), QW_ERR_STATE);
    assert_int_equal(issue(scene, "urn:qwave:centre:other", &made), QW_ERR_ARG);
    assert_int_equal(issue(scene, "urn:qwave:centre:centre-1", &made), QW_ERR_ARG); /* no hosts */
    assert_int_equal(issue(scene, "somebody", &made), QW_ERR_ARG);
    assert_int_equal(ask_days(scene, &scene->operator_caller, "urn:qwave:sae:app-1",
                              QW_CERTIFICATE_SM2, false, 0, &made),
                     QW_ERR_UNAVAILABLE);
    assert_int_equal(ask_days(scene, &scene->operator_caller, "urn:qwave:sae:app-1",
                              QW_CERTIFICATE_P256, false, 31, &made),
                     QW_ERR_ARG);
    assert_int_equal(ask_days(scene, &scene->application, "urn:qwave:sae:app-1",
                              QW_CERTIFICATE_P256, false, 0, &made),
                     QW_ERR_REFUSED);
    assert_int_equal(
        qw_centre_certificate_issue(scene->centre, &scene->operator_caller, &wish, &made),
        QW_ERR_FORMAT);
    assert_string_equal(last_record(scene).event.detail, "no request in PEM");
    assert_int_equal(qw_centre_certificate_issue(scene->centre, &scene->application, &wish, &made),
                     QW_ERR_REFUSED);
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, "app-1", QW_DEVICE_SUSPEND),
        QW_OK);
    assert_int_equal(issue(scene, "urn:qwave:sae:app-1", &made), QW_ERR_STATE);
    assert_journal_whole(scene);
}

static void the_holder_renews_and_both_are_in_force(void **state)
{
    struct scene *scene = *state;
    struct qw_caller holder = scene->application;
    struct qw_certificate_made first, second;

    assert_int_equal(renew(scene, &scene->operator_caller, "urn:qwave:sae:app-1", &first),
                     QW_ERR_STATE);
    assert_int_equal(issue(scene, "urn:qwave:sae:app-1", &first), QW_OK);
    assert_int_equal(renew(scene, &holder, "urn:qwave:sae:app-1", &second), QW_ERR_REFUSED);
    memcpy(holder.certificate_hash, first.hash, sizeof first.hash);
    assert_int_equal(renew(scene, &holder, "urn:qwave:sae:app-2", &second), QW_ERR_REFUSED);
    assert_int_equal(renew(scene, &holder, "urn:qwave:sae:app-1", &second), QW_OK);
    assert_string_equal(find(scene, &second).issued_by, "app-1");
    assert_false(find(scene, &first).is_revoked);
    assert_int_equal(take_back(scene, &first), QW_OK);
    assert_int_equal(renew(scene, &holder, "urn:qwave:sae:app-1", &first), QW_ERR_REFUSED);
    memcpy(holder.certificate_hash, second.hash, sizeof second.hash);
    assert_int_equal(renew(scene, &holder, "urn:qwave:sae:app-1", &first), QW_OK);
    assert_journal_whole(scene);
}

static void no_name_has_more_than_its_number_in_force(void **state)
{
    struct scene *scene = *state;
    struct qw_certificate_made made;

    assert_int_equal(issue(scene, "urn:qwave:sae:app-1", &made), QW_OK);
    for (int i = 1; i < QW_CERTIFICATES_OF_A_NAME; i++) {
        assert_int_equal(renew(scene, &scene->operator_caller, "urn:qwave:sae:app-1", &made),
                         QW_OK);
    }
    assert_int_equal(renew(scene, &scene->operator_caller, "urn:qwave:sae:app-1", &made),
                     QW_ERR_LIMIT);
    scene_now_ms += (int64_t)(QW_CERTIFICATE_ISSUED_DAYS + 1) * 86400000;
    assert_int_equal(issue(scene, "urn:qwave:sae:app-1", &made), QW_OK); /* all have ended */
    assert_journal_whole(scene);
}

static int revoked_on_list(struct scene *scene, enum qw_certificate_profile profile)
{
    struct qw_certificate_list list;
    const unsigned char *at;
    X509_CRL *crl;
    int count;

    assert_int_equal(qw_centre_certificate_list_sign(scene->centre, profile, &list), QW_OK);
    at = list.der;
    crl = d2i_X509_CRL(NULL, &at, (long)list.der_len);
    assert_non_null(crl);
    count = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));
    X509_CRL_free(crl);
    qw_certificate_list_free(&list);
    return count < 0 ? 0 : count;
}

static void what_is_taken_back_is_on_the_list_until_it_ends(void **state)
{
    struct scene *scene = *state;
    static const uint8_t unknown[QW_CERTIFICATE_SERIAL_LEN] = { 1 };
    struct qw_certificate_made made;
    struct qw_certificate_list list;
    uint64_t count = 0;

    assert_int_equal(qw_centre_certificate_list_sign(scene->centre, QW_CERTIFICATE_SM2, &list),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(issue(scene, "urn:qwave:sae:app-1", &made), QW_OK);
    assert_int_equal(revoked_on_list(scene, QW_CERTIFICATE_P256), 0);
    assert_int_equal(take_back(scene, &made), QW_OK);
    assert_string_equal(last_record(scene).event.detail, "urn:qwave:sae:app-1");
    assert_int_equal(take_back(scene, &made), QW_ERR_CONFLICT);
    assert_int_equal(revoked_on_list(scene, QW_CERTIFICATE_P256), 1);
    assert_int_equal(qw_centre_certificates_revoked(scene->centre, &count), QW_OK);
    assert_int_equal(count, 1);
    scene_restart(scene);
    assert_int_equal(revoked_on_list(scene, QW_CERTIFICATE_P256), 1);
    scene_now_ms += (int64_t)(QW_CERTIFICATE_ISSUED_DAYS + 1) * 86400000;
    assert_int_equal(revoked_on_list(scene, QW_CERTIFICATE_P256), 0);
    assert_int_equal(qw_centre_certificate_revoke(scene->centre, &scene->operator_caller, unknown,
                                                  QW_REVOKED_UNSPECIFIED),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_certificate_revoke(scene->centre, &scene->operator_caller, unknown,
                                                  QW_REVOKED_CESSATION + 1),
                     QW_ERR_ARG);
    assert_journal_whole(scene);
}

static void lists_page_by_page_what_is_in_reach(void **state)
{
    struct scene *scene = *state;
    const struct qw_caller north = caller_of("urn:qwave:officer:north");
    const struct qw_caller security = caller_of("urn:qwave:officer:north-security");
    struct qw_certificate_entry entries[3], entry;
    struct qw_certificate_made made, other;
    size_t count = 0;

    assert_int_equal(qw_centre_officer_add(scene->centre, &scene->operator_caller, "north",
                                           QW_OFFICER_OPERATOR, "/north"),
                     QW_OK);
    assert_int_equal(qw_centre_officer_add(scene->centre, &scene->operator_caller, "north-security",
                                           QW_OFFICER_SECURITY, "/north"),
                     QW_OK);
    assert_int_equal(
        qw_centre_device_register(scene->centre, &north, "app-n", QW_DEVICE_APPLICATION, "", ""),
        QW_OK);
    assert_int_equal(issue(scene, "urn:qwave:sae:app-1", &other), QW_OK);
    assert_int_equal(
        ask_days(scene, &north, "urn:qwave:sae:app-n", QW_CERTIFICATE_P256, false, 0, &made),
        QW_OK);
    assert_int_equal(qw_centre_certificate_list(scene->centre, &north, NULL, entries, 3, &count),
                     QW_OK);
    assert_int_equal(count, 1);
    assert_string_equal(entries[0].unit, "/north");
    assert_int_equal(qw_centre_certificate_find(scene->centre, &north, other.serial, &entry),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_certificate_revoke(scene->centre, &north, other.serial, 0),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(
        ask_days(scene, &north, "urn:qwave:sae:app-1", QW_CERTIFICATE_P256, false, 0, &made),
        QW_ERR_NOT_FOUND);
    assert_int_equal(
        ask_days(scene, &north, "urn:qwave:sae:stranger", QW_CERTIFICATE_P256, false, 0, &made),
        QW_ERR_REFUSED); /* stands nowhere: only for who has the whole tree */
    assert_int_equal(
        ask_days(scene, &security, "urn:qwave:officer:x", QW_CERTIFICATE_P256, false, 0, &made),
        QW_ERR_REFUSED);
    assert_int_equal(
        ask_days(scene, &security, "urn:qwave:officer:north", QW_CERTIFICATE_P256, false, 0, &made),
        QW_OK);
    assert_int_equal(ask_days(scene, &security, "urn:qwave:operator:north", QW_CERTIFICATE_P256,
                              false, 0, &made),
                     QW_ERR_CONFLICT); /* the same person */
    assert_int_equal(qw_centre_certificate_list(scene->centre, &scene->operator_caller, NULL,
                                                entries, 2, &count),
                     QW_OK);
    assert_int_equal(count, 2);
    assert_int_equal(qw_centre_certificate_list(scene->centre, &scene->operator_caller,
                                                entries[1].made.serial, entries, 3, &count),
                     QW_OK);
    assert_int_equal(count, 1);
    assert_journal_whole(scene);
}

static void who_goes_for_good_takes_his_certificates_along(void **state)
{
    struct scene *scene = *state;
    struct qw_certificate_made app, app_again, officer;
    uint64_t count = 0;

    assert_int_equal(
        qw_centre_officer_add(scene->centre, &scene->operator_caller, "bob", QW_OFFICER_AUDIT, "/"),
        QW_OK);
    assert_int_equal(issue(scene, "urn:qwave:operator:bob", &officer), QW_OK);
    assert_int_equal(issue(scene, "urn:qwave:sae:app-1", &app), QW_OK);
    assert_int_equal(renew(scene, &scene->operator_caller, "urn:qwave:sae:app-1", &app_again),
                     QW_OK);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, "app-1", QW_DEVICE_DESTROY),
        QW_ERR_IO);
    assert_false(find(scene, &app).is_revoked);
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, "app-1", QW_DEVICE_DESTROY),
        QW_OK);
    assert_true(find(scene, &app).is_revoked);
    assert_true(find(scene, &app_again).is_revoked);
    assert_false(find(scene, &officer).is_revoked);
    assert_int_equal(
        qw_centre_officer_change(scene->centre, &scene->operator_caller, "bob", QW_OFFICER_SUSPEND),
        QW_OK);
    assert_false(find(scene, &officer).is_revoked);
    assert_int_equal(
        qw_centre_officer_change(scene->centre, &scene->operator_caller, "bob", QW_OFFICER_REMOVE),
        QW_OK);
    assert_true(find(scene, &officer).is_revoked);
    assert_int_equal(find(scene, &officer).reason, QW_REVOKED_CESSATION);
    assert_int_equal(qw_centre_certificates_revoked(scene->centre, &count), QW_OK);
    assert_int_equal(count, 3);
    assert_journal_whole(scene);
}

static void the_authority_is_in_no_file_and_outlives_a_restart(void **state)
{
    struct scene *scene = *state;
    char before[QW_CERTIFICATE_PEM_CAP], after[QW_CERTIFICATE_PEM_CAP];
    struct qw_certificate_made made;

    assert_int_equal(qw_centre_authority_pem(scene->centre, QW_CERTIFICATE_P256, before), QW_OK);
    assert_int_equal(qw_centre_authority_pem(scene->centre, QW_CERTIFICATE_ED25519, after),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(
        qw_centre_authority_found(scene->centre, &scene->operator_caller, QW_CERTIFICATE_P256),
        QW_ERR_CONFLICT);
    scene_restart(scene);
    assert_int_equal(qw_centre_authority_pem(scene->centre, QW_CERTIFICATE_P256, after), QW_OK);
    assert_string_equal(before, after);
    assert_int_equal(issue(scene, "urn:qwave:sae:app-1", &made), QW_OK);
}

/* Every write and every read fails once: no certificate without its record, and none in between. */
static void a_store_that_fails_issues_nothing(void **state)
{
    struct scene *scene = *state;
    struct qw_certificate_entry entries[2];
    struct qw_certificate_made made;
    size_t count = 0;
    qw_err err = QW_ERR_IO;

    scene->fail_at = scene->submits + 1;
    assert_int_equal(issue(scene, "urn:qwave:sae:app-1", &made), QW_ERR_IO);
    scene->reads_fail = true;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        scene->reads = 0;
        scene->fail_read_at = n;
        err = issue(scene, "urn:qwave:sae:app-1", &made);
        assert_true(err == QW_OK || err == QW_ERR_IO);
    }
    scene->reads_fail = false;
    assert_int_equal(qw_centre_certificate_list(scene->centre, &scene->operator_caller, NULL,
                                                entries, 2, &count),
                     QW_OK);
    assert_int_equal(count, 1);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(take_back(scene, &made), QW_ERR_IO);
    assert_false(find(scene, &made).is_revoked);
    assert_int_equal(take_back(scene, &made), QW_OK);
    assert_journal_whole(scene);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_name_gets_one_and_it_is_in_the_books),
        IN_SCENE(nobody_else_gets_any),
        IN_SCENE(the_holder_renews_and_both_are_in_force),
        IN_SCENE(no_name_has_more_than_its_number_in_force),
        IN_SCENE(what_is_taken_back_is_on_the_list_until_it_ends),
        IN_SCENE(lists_page_by_page_what_is_in_reach),
        IN_SCENE(who_goes_for_good_takes_his_certificates_along),
        IN_SCENE(the_authority_is_in_no_file_and_outlives_a_restart),
        IN_SCENE(a_store_that_fails_issues_nothing),
    };

    return cmocka_run_group_tests_name("centre.certificate", tests, NULL, NULL);
}
