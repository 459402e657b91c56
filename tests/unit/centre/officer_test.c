/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 C6 */
/* Officers and their rights [docs/design/people.md]: the table cell by cell, every management verb
 * by every role, parts of the tree, and that a suspended officer is refused with his next verb. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/certificate/signing_request.h"
#include "centre/alarm/alarm.h"
#include "centre/approval/approval.h"
#include "centre/authentication/authentication.h"
#include "centre/backup/backup.h"
#include "centre/certificate/certificate.h"
#include "centre/device/charge_order.h"
#include "centre/device/describe.h"
#include "centre/device/import.h"
#include "centre/device/search.h"
#include "centre/journal/journal.h"
#include "centre/kek/kek.h"
#include "centre/login/login.h"
#include "centre/maintenance.h"
#include "centre/pair/key_change.h"
#include "centre/pair/pair_list.h"
#include "centre/people/officer.h"
#include "centre/people/unit_quota.h"
#include "centre/psk/psk.h"
#include "centre/reload.h"
#include "centre/seal/seal.h"
#include "centre/share/share_desk.h"
#include "unit/centre/scene.h"

#include <stdio.h>

static struct qw_caller officer(const char *id)
{
    char identity[128];

    (void)snprintf(identity, sizeof identity, "urn:qwave:officer:%s", id);
    return caller_of(identity);
}

static qw_err add_by(struct scene *scene, const char *by, const char *id, enum qw_officer_role role,
                     const char *unit)
{
    struct qw_caller caller = officer(by);

    return qw_centre_officer_add(scene->centre, &caller, id, role, unit);
}

static qw_err change_by(struct scene *scene, const char *by, const char *id,
                        enum qw_officer_event event)
{
    struct qw_caller caller = officer(by);

    return qw_centre_officer_change(scene->centre, &caller, id, event);
}

static qw_err status_by(struct scene *scene, const char *by)
{
    struct qw_caller caller = officer(by);
    struct qw_centre_status status;

    return qw_centre_status(scene->centre, &caller, &status);
}

static struct qw_audit_record last_record(struct scene *scene)
{
    struct last_record last = { .record = { .seq = 0 } };
    uint64_t records, broken;

    assert_int_equal(qw_audit_verify(&scene->store, keep_last, &last, &records, &broken), QW_OK);
    return last.record;
}

/* One officer of each role, added by the founder alice. */
static const char *const people[QW_OFFICER_ROLE_COUNT] = { "sys", "sec", "aud", "ope" };

static void make_people(struct scene *scene)
{
    for (int role = 0; role < QW_OFFICER_ROLE_COUNT; role++) {
        assert_int_equal(add_by(scene, "alice", people[role], (enum qw_officer_role)role, "/"),
                         QW_OK);
    }
}

/* The verbs that each right stands for, on a device that is not there: who may gets another answer
 * than who may not. Columns: system, security, audit, operator. */
static qw_err do_status(struct scene *s, const struct qw_caller *c)
{
    struct qw_centre_status status;

    return qw_centre_status(s->centre, c, &status);
}
static qw_err do_find(struct scene *s, const struct qw_caller *c)
{
    struct qw_device device;

    return qw_centre_device_find(s->centre, c, "none", &device);
}
static qw_err do_list(struct scene *s, const struct qw_caller *c)
{
    struct qw_device device;
    size_t count;

    return qw_centre_device_list(s->centre, c, "", &device, 1, &count);
}
static qw_err do_register(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_device_register(s->centre, c, "", QW_DEVICE_TERMINAL, "", "");
}
static qw_err do_charge(struct scene *s, const struct qw_caller *c)
{
    uint8_t out[256];
    size_t len;

    return qw_centre_charge(s->centre, c, "none", "none", 1, out, sizeof out, &len);
}
static qw_err do_bind(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_card_bind(s->centre, c, "none", "li");
}
static qw_err do_unbind(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_card_unbind(s->centre, c, "none");
}
static qw_err do_fuse(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_card_fuse(s->centre, c, "none");
}
static qw_err do_order(struct scene *s, const struct qw_caller *c)
{
    uint8_t order[QW_ORDER_LEN];

    return qw_centre_device_order(s->centre, c, "none", order);
}
static qw_err do_proof(struct scene *s, const struct qw_caller *c)
{
    uint8_t done[QW_ORDER_DONE_MESSAGE_LEN];

    return qw_centre_device_proof(s->centre, c, "none", (const uint8_t *)"x", 1, done);
}
static qw_err do_charge_confirm(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_charge_confirm(s->centre, c, "none", (const uint8_t *)"x", 1);
}
static qw_err do_station(struct scene *s, const struct qw_caller *c)
{
    struct qw_package birth;

    return qw_centre_station_birth(s->centre, c, "", &birth);
}
static qw_err do_suspend(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_device_change(s->centre, c, "none", QW_DEVICE_SUSPEND);
}
static qw_err do_resume(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_device_change(s->centre, c, "none", QW_DEVICE_RESUME);
}
static qw_err do_destroy(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_device_change(s->centre, c, "none", QW_DEVICE_DESTROY);
}
static qw_err do_peers(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_device_set_peers(s->centre, c, "none", "app-1");
}
static qw_err do_home(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_device_set_home(s->centre, c, "none", "");
}
static qw_err do_quota(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_device_set_quota(s->centre, c, "none", 1, 1);
}
static qw_err do_search(struct scene *s, const struct qw_caller *c)
{
    struct qw_device device;
    struct qw_device_page page = { .devices = &device, .cap = 1 };

    return qw_centre_device_search(s->centre, c, &qw_device_filter_none, "", &page);
}
static qw_err do_describe(struct scene *s, const struct qw_caller *c)
{
    struct qw_device_note note = { .firmware = "1.0" };

    return qw_centre_device_describe(s->centre, c, "none", &note);
}
static qw_err do_move(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_device_move(s->centre, c, "none", "/");
}
static qw_err do_import_begin(struct scene *s, const struct qw_caller *c)
{
    uint8_t id[16];

    return qw_centre_import_begin(s->centre, c, id);
}
static qw_err do_import_add(struct scene *s, const struct qw_caller *c)
{
    static const uint8_t zero[16];
    struct qw_import_chunk chunk = { .header = "id,kind", .lines = "", .first_line = 2 };
    struct qw_import_fault fault;

    return qw_centre_import_add(s->centre, c, zero, &chunk, &fault);
}
static qw_err do_import_commit(struct scene *s, const struct qw_caller *c)
{
    static const uint8_t zero[16];
    struct qw_import_progress progress;

    return qw_centre_import_commit(s->centre, c, zero, &progress);
}
static qw_err do_import_drop(struct scene *s, const struct qw_caller *c)
{
    static const uint8_t zero[16];

    return qw_centre_import_drop(s->centre, c, zero);
}
static qw_err do_psk_create(struct scene *s, const struct qw_caller *c)
{
    uint8_t key[QW_PSK_LEN];

    return qw_centre_psk_create(s->centre, c, "none", key);
}
static qw_err do_psk_revoke(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_psk_revoke(s->centre, c, "none");
}
static qw_err do_officer_find(struct scene *s, const struct qw_caller *c)
{
    struct qw_officer found;

    return qw_centre_officer_find(s->centre, c, "none", &found);
}
static qw_err do_officer_list(struct scene *s, const struct qw_caller *c)
{
    struct qw_officer found;
    size_t count;

    return qw_centre_officer_list(s->centre, c, "", &found, 1, &count);
}
static qw_err do_officer_add(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_officer_add(s->centre, c, "", QW_OFFICER_AUDIT, "/");
}
static qw_err do_officer_change(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_officer_change(s->centre, c, "none", QW_OFFICER_SUSPEND);
}

static qw_err do_request(struct scene *s, const struct qw_caller *c)
{
    struct qw_request_wish wish = { .verb = QW_REQUEST_DEVICE_DESTROY, .object = "none" };
    struct qw_request request;

    return qw_centre_request_ask(s->centre, c, &wish, &request);
}
static qw_err do_request_approve(struct scene *s, const struct qw_caller *c)
{
    static const uint8_t zero[32];

    return qw_centre_request_approve(s->centre, c, zero, zero);
}
static qw_err do_request_deny(struct scene *s, const struct qw_caller *c)
{
    static const uint8_t zero[16];

    return qw_centre_request_deny(s->centre, c, zero);
}
static qw_err do_request_list(struct scene *s, const struct qw_caller *c)
{
    struct qw_request request;
    size_t count;

    return qw_centre_request_list(s->centre, c, &request, 1, &count);
}
static qw_err do_journal_head(struct scene *s, const struct qw_caller *c)
{
    struct qw_signed_head head;
    struct qw_public_key key;

    return qw_centre_journal_head(s->centre, c, &head, &key);
}
static qw_err do_journal_rotate(struct scene *s, const struct qw_caller *c)
{
    struct qw_signed_head head;
    struct qw_public_key key;

    return qw_centre_journal_rotate(s->centre, c, &head, &key);
}
static qw_err do_seal(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_note_seal(s->centre, c);
}
static qw_err do_kek_look(struct scene *s, const struct qw_caller *c)
{
    struct qw_kek_state state;

    return qw_centre_kek_look(s->centre, c, &state);
}
static qw_err do_kek_rotate(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_kek_rotate(s->centre, c);
}

static qw_err do_backup(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_backup_begin(s->centre, c, "passphrase");
}

static qw_err do_key_suspend(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_key_change(s->centre, c, (const uint8_t[16]){ 1 }, QW_KEY_ORDER_SUSPEND);
}
static qw_err do_key_resume(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_key_change(s->centre, c, (const uint8_t[16]){ 1 }, QW_KEY_ORDER_RESUME);
}
static qw_err do_key_archive(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_key_change(s->centre, c, (const uint8_t[16]){ 1 }, QW_KEY_ORDER_ARCHIVE);
}
static qw_err do_key_recover(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_key_change(s->centre, c, (const uint8_t[16]){ 1 }, QW_KEY_ORDER_RECOVER);
}
static qw_err do_key_void(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_key_change(s->centre, c, (const uint8_t[16]){ 1 }, QW_KEY_ORDER_VOID);
}
static qw_err do_key_destroy(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_key_change(s->centre, c, (const uint8_t[16]){ 1 }, QW_KEY_ORDER_DESTROY);
}
static qw_err do_key_compromised(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_key_change(s->centre, c, (const uint8_t[16]){ 1 }, QW_KEY_ORDER_COMPROMISED);
}
static qw_err do_key_find(struct scene *s, const struct qw_caller *c)
{
    struct qw_key_account account;

    return qw_centre_key_find(s->centre, c, (const uint8_t[16]){ 1 }, &account);
}

static qw_err do_auth_unlock(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_auth_unlock(s->centre, c, "urn:qwave:officer:nobody");
}

static qw_err do_may_reload(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_may_reload(s->centre, c);
}
static qw_err do_reload(struct scene *s, const struct qw_caller *c)
{
    const struct qw_centre_limits limits = {
        .stock_keys = 64, .approval_s = 900, .journal_sign_records = 1000, .journal_sign_ms = 10000
    };

    return qw_centre_reload(s->centre, c, &limits, "");
}
static qw_err do_maintenance(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_maintenance_set(s->centre, c, false, "");
}
static qw_err do_maintenance_look(struct scene *s, const struct qw_caller *c)
{
    struct qw_maintenance maintenance;

    return qw_centre_maintenance_look(s->centre, c, &maintenance);
}
static qw_err do_alarm_list(struct scene *s, const struct qw_caller *c)
{
    static struct qw_alarm alarms[QW_ALARMS_MAX];
    size_t count;

    return qw_centre_alarm_list(s->centre, c, alarms, &count);
}
static qw_err do_pair_list(struct scene *s, const struct qw_caller *c)
{
    static struct qw_pair_entry entries[QW_PAIRS_LISTED_MAX];
    size_t count;

    return qw_centre_pair_list(s->centre, c, entries, &count);
}
static qw_err do_alarm_acknowledge(struct scene *s, const struct qw_caller *c)
{
    struct qw_alarm alarm;

    return qw_centre_alarm_acknowledge(s->centre, c, 7, &alarm);
}
static qw_err do_journal_read(struct scene *s, const struct qw_caller *c)
{
    struct qw_journal_record record;
    size_t count;

    return qw_centre_journal_read(s->centre, c, 0, &record, 1, &count);
}

static qw_err do_issue(struct scene *s, const struct qw_caller *c, const char *uri)
{
    struct qw_signing_request_made request;
    struct qw_certificate_wish wish = { .request = request.request };
    struct qw_certificate_made made;

    assert_int_equal(qw_signing_request_new(QW_CERTIFICATE_P256, uri, NULL, 0, &request), QW_OK);
    wish.request_len = strlen(request.request);
    return qw_centre_certificate_issue(s->centre, c, &wish, &made);
}
static qw_err do_issue_to_device(struct scene *s, const struct qw_caller *c)
{
    return do_issue(s, c, "urn:qwave:ap:none");
}
static qw_err do_issue_to_application(struct scene *s, const struct qw_caller *c)
{
    return do_issue(s, c, "urn:qwave:sae:none");
}
static qw_err do_issue_to_officer(struct scene *s, const struct qw_caller *c)
{
    return do_issue(s, c, "urn:qwave:officer:none");
}
static qw_err do_certificate_revoke(struct scene *s, const struct qw_caller *c)
{
    static const uint8_t zero[QW_CERTIFICATE_SERIAL_LEN];

    return qw_centre_certificate_revoke(s->centre, c, zero, 0);
}
static qw_err do_certificate_find(struct scene *s, const struct qw_caller *c)
{
    static const uint8_t zero[QW_CERTIFICATE_SERIAL_LEN];
    struct qw_certificate_entry entry;

    return qw_centre_certificate_find(s->centre, c, zero, &entry);
}
static qw_err do_certificate_list(struct scene *s, const struct qw_caller *c)
{
    struct qw_certificate_entry entry;
    size_t count;

    return qw_centre_certificate_list(s->centre, c, NULL, &entry, 1, &count);
}
static qw_err do_found(struct scene *s, const struct qw_caller *c)
{
    qw_err err = qw_centre_authority_found(s->centre, c, QW_CERTIFICATE_SM2);

    return err == QW_ERR_CONFLICT ? QW_OK : err;
}

static qw_err do_share_look(struct scene *s, const struct qw_caller *c)
{
    struct qw_share_state state;

    return qw_centre_share_look(s->centre, c, &state);
}
static qw_err do_share_rehearse(struct scene *s, const struct qw_caller *c)
{
    enum qw_seal_verdict verdict;

    return qw_centre_share_enter(s->centre, c, QW_SHARE_TO_REHEARSE, (const uint8_t *)"x", 1,
                                 &verdict);
}
static qw_err do_share_take(struct scene *s, const struct qw_caller *c)
{
    uint8_t share[QW_SHARE_LEN];

    return qw_centre_share_take(s->centre, c, share);
}
static qw_err do_share_confirm(struct scene *s, const struct qw_caller *c)
{
    bool is_done;

    return qw_centre_share_confirm(s->centre, c, (const uint8_t *)"x", 1, &is_done);
}
static qw_err do_share_begin(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_share_begin(s->centre, c, 2, 3);
}
static qw_err do_share_cancel(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_share_cancel(s->centre, c);
}

static qw_err do_unit_list(struct scene *s, const struct qw_caller *c)
{
    struct qw_unit_quota quota;
    size_t count;

    return qw_centre_unit_list(s->centre, c, &quota, 1, &count);
}
static qw_err do_unit_set(struct scene *s, const struct qw_caller *c)
{
    return scene_set_quota(s->centre, c, "/", 1, 1);
}

static qw_err do_charge_order(struct scene *s, const struct qw_caller *c)
{
    struct qw_charge_order order;

    return qw_centre_charge_order(s->centre, c, "none", "none", 1, &order);
}
static qw_err do_charge_order_cancel(struct scene *s, const struct qw_caller *c)
{
    return qw_centre_charge_order_cancel(s->centre, c, "none");
}
static qw_err do_charge_order_find(struct scene *s, const struct qw_caller *c)
{
    struct qw_charge_order order;
    size_t count;

    return qw_centre_charge_order_find(s->centre, c, "none", &order, &count);
}
static qw_err do_charge_order_list(struct scene *s, const struct qw_caller *c)
{
    struct qw_charge_order order;
    size_t count;

    return qw_centre_charge_order_list(s->centre, c, "", &order, 1, &count);
}

static qw_err do_password_initial(struct scene *s, const struct qw_caller *c)
{
    char password[QW_LOGIN_INITIAL_CAP];
    int64_t until_ms;

    return qw_centre_login_initial(s->centre, c, "none", "none", password, &until_ms);
}
static qw_err do_password_own(struct scene *s, const struct qw_caller *c)
{
    struct qw_password_change change = { .password = "twelve bytes", .card = "none" };

    return qw_centre_login_password(s->centre, c, &change, NULL);
}

/* clang-format off */
static const struct {
    enum qw_right right;
    const char *may; /* y or -, by role */
    qw_err (*verb)(struct scene *scene, const struct qw_caller *caller);
} table[] = {
    { QW_RIGHT_STATUS_READ,     "yyyy", do_status },
    { QW_RIGHT_DEVICE_READ,     "yyyy", do_find },
    { QW_RIGHT_DEVICE_READ,     "yyyy", do_list },
    { QW_RIGHT_DEVICE_REGISTER, "---y", do_register },
    { QW_RIGHT_DEVICE_CHARGE,   "---y", do_charge },
    { QW_RIGHT_DEVICE_CHARGE,   "---y", do_charge_confirm },
    { QW_RIGHT_DEVICE_CHARGE,   "---y", do_charge_order },
    { QW_RIGHT_DEVICE_CHARGE,   "---y", do_charge_order_cancel },
    { QW_RIGHT_DEVICE_READ,     "yyyy", do_charge_order_find },
    { QW_RIGHT_DEVICE_READ,     "yyyy", do_charge_order_list },
    { QW_RIGHT_CARD_BIND,       "---y", do_bind },
    { QW_RIGHT_CARD_UNBIND,     "-y--", do_unbind },
    { QW_RIGHT_DEVICE_CHARGE,   "---y", do_order },
    { QW_RIGHT_DEVICE_CHARGE,   "---y", do_fuse },
    { QW_RIGHT_DEVICE_CHARGE,   "---y", do_proof },
    { QW_RIGHT_DEVICE_CHARGE,   "---y", do_station },
    { QW_RIGHT_DEVICE_SUSPEND,  "-y-y", do_suspend },
    { QW_RIGHT_DEVICE_RESUME,   "-y--", do_resume },
    { QW_RIGHT_DEVICE_DESTROY,  "-y--", do_destroy },
    { QW_RIGHT_DEVICE_PEERS,    "-y-y", do_peers },
    { QW_RIGHT_DEVICE_HOME,     "y---", do_home },
    { QW_RIGHT_DEVICE_QUOTA,    "y---", do_quota },
    { QW_RIGHT_DEVICE_READ,     "yyyy", do_search },
    { QW_RIGHT_DEVICE_REGISTER, "---y", do_describe },
    { QW_RIGHT_DEVICE_MOVE,     "-y-y", do_move },
    { QW_RIGHT_DEVICE_REGISTER, "---y", do_import_begin },
    { QW_RIGHT_DEVICE_REGISTER, "---y", do_import_add },
    { QW_RIGHT_DEVICE_REGISTER, "---y", do_import_commit },
    { QW_RIGHT_DEVICE_REGISTER, "---y", do_import_drop },
    { QW_RIGHT_PSK_CREATE,      "---y", do_psk_create },
    { QW_RIGHT_PSK_REVOKE,      "-y-y", do_psk_revoke },
    { QW_RIGHT_CERTIFICATE_ISSUE,   "---y", do_issue_to_device },
    { QW_RIGHT_CERTIFICATE_ISSUE,   "---y", do_issue_to_application },
    { QW_RIGHT_CERTIFICATE_OFFICER, "-y--", do_issue_to_officer },
    { QW_RIGHT_CERTIFICATE_OFFICER, "-y--", do_found },
    { QW_RIGHT_CERTIFICATE_REVOKE,  "-y-y", do_certificate_revoke },
    { QW_RIGHT_CERTIFICATE_READ,    "yyyy", do_certificate_find },
    { QW_RIGHT_CERTIFICATE_READ,    "yyyy", do_certificate_list },
    { QW_RIGHT_OFFICER_READ,    "yyy-", do_officer_find },
    { QW_RIGHT_OFFICER_READ,    "yyy-", do_officer_list },
    { QW_RIGHT_OFFICER_CHANGE,  "-y--", do_officer_add },
    { QW_RIGHT_OFFICER_CHANGE,  "-y--", do_officer_change },
    { QW_RIGHT_OFFICER_PASSWORD, "-y--", do_password_initial },
    { QW_RIGHT_PASSWORD_OWN,    "yyyy", do_password_own },
    { QW_RIGHT_REQUEST_READ,    "yyyy", do_request_list },
    { QW_RIGHT_JOURNAL_READ,    "-yy-", do_journal_head },
    { QW_RIGHT_JOURNAL_READ,    "-yy-", do_journal_read },
    { QW_RIGHT_JOURNAL_KEY,     "-y--", do_journal_rotate },
    { QW_RIGHT_SEAL,            "yy--", do_seal },
    { QW_RIGHT_UNIT_READ,       "yyyy", do_unit_list },
    { QW_RIGHT_UNIT_QUOTA,      "y---", do_unit_set },
    { QW_RIGHT_SHARE_READ,      "yyyy", do_share_look },
    { QW_RIGHT_SHARE_HOLD,      "yy-y", do_share_rehearse },
    { QW_RIGHT_SHARE_HOLD,      "yy-y", do_share_take },
    { QW_RIGHT_SHARE_HOLD,      "yy-y", do_share_confirm },
    { QW_RIGHT_SHARE_CHANGE,    "-y--", do_share_begin },
    { QW_RIGHT_SHARE_CANCEL,    "yy--", do_share_cancel },
    { QW_RIGHT_STATUS_READ,     "yyyy", do_kek_look },
    { QW_RIGHT_KEK_ROTATE,      "-y--", do_kek_rotate },
    { QW_RIGHT_AUTHENTICATION_UNLOCK, "-y--", do_auth_unlock },
    { QW_RIGHT_BACKUP,          "yy--", do_backup },
    { QW_RIGHT_KEY_SUSPEND, "-y-y", do_key_suspend },
    { QW_RIGHT_KEY_RESUME, "-y--", do_key_resume },
    { QW_RIGHT_KEY_RESUME, "-y--", do_key_archive },
    { QW_RIGHT_KEY_RESUME, "-y--", do_key_recover },
    { QW_RIGHT_KEY_SUSPEND, "-y-y", do_key_void },
    { QW_RIGHT_KEY_RESUME, "-y--", do_key_destroy },
    { QW_RIGHT_KEY_SUSPEND, "-y-y", do_key_compromised },
    { QW_RIGHT_DEVICE_READ,     "yyyy", do_key_find },
    { QW_RIGHT_RELOAD,          "y---", do_may_reload },
    { QW_RIGHT_RELOAD,          "y---", do_reload },
    { QW_RIGHT_MAINTENANCE,     "y---", do_maintenance },
    { QW_RIGHT_STATUS_READ,     "yyyy", do_maintenance_look },
    { QW_RIGHT_STATUS_READ,     "yyyy", do_alarm_list },
    { QW_RIGHT_STATUS_READ,     "yyyy", do_pair_list },
    { QW_RIGHT_ALARM_ACKNOWLEDGE, "yy-y", do_alarm_acknowledge },
    { QW_RIGHT_DEVICE_DESTROY,  "-y--", do_request },
    { QW_RIGHT_DEVICE_DESTROY,  "-y--", do_request_approve },
    { QW_RIGHT_DEVICE_DESTROY,  "-y--", do_request_deny },
};
/* clang-format on */
enum { ROWS = sizeof table / sizeof table[0] };

static void walks_every_cell_of_the_table_of_rights(void **state)
{
    bool is_seen[QW_RIGHT_COUNT] = { false };

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        is_seen[table[i].right] = true;
        for (int role = 0; role < QW_OFFICER_ROLE_COUNT; role++) {
            assert_int_equal(qw_roles_have(1U << role, table[i].right), table[i].may[role] == 'y');
        }
    }
    for (int right = QW_RIGHT_NONE + 1; right < QW_RIGHT_COUNT; right++) {
        assert_true(is_seen[right]);
    }
    assert_false(qw_roles_have(~0U, QW_RIGHT_NONE));
}

static void every_verb_obeys_the_table_for_every_role(void **state)
{
    struct scene *scene = *state;

    make_people(scene);
    for (size_t i = 0; i < ROWS; i++) {
        for (int role = 0; role < QW_OFFICER_ROLE_COUNT; role++) {
            struct qw_caller caller = officer(people[role]);
            qw_err err = table[i].verb(scene, &caller);

            if (table[i].may[role] == 'y') {
                assert_int_not_equal(err, QW_ERR_REFUSED);
            } else {
                assert_int_equal(err, QW_ERR_REFUSED);
                assert_int_equal(last_record(scene).event.result, QW_ERR_REFUSED);
                assert_string_equal(last_record(scene).event.detail, "role may not do this");
            }
        }
        assert_int_equal(table[i].verb(scene, &scene->application), QW_ERR_REFUSED);
        assert_int_equal(table[i].verb(scene, &scene->access_point), QW_ERR_REFUSED);
    }
    assert_journal_whole(scene);
}

/* What is the whole centre's is nothing for who stands lower, and a stranger may nothing. */
static void every_verb_is_refused_to_strangers(void **state)
{
    struct scene *scene = *state;
    struct qw_caller stranger = officer("stranger");
    struct qw_caller lower = officer("low");

    make_people(scene);
    assert_int_equal(add_by(scene, "sec", "low", QW_OFFICER_OPERATOR, "/north"), QW_OK);
    assert_int_equal(do_status(scene, &lower), QW_ERR_REFUSED);
    assert_string_equal(last_record(scene).event.detail, "outside his part of the tree");
    assert_int_equal(do_station(scene, &lower), QW_ERR_REFUSED);
    for (size_t i = 0; i < ROWS; i++) {
        assert_int_equal(table[i].verb(scene, &stranger), QW_ERR_REFUSED);
        assert_string_equal(last_record(scene).event.detail, "no officer of this centre");
    }
    assert_journal_whole(scene);
}

static void the_founder_is_written_down_with_the_first_officer(void **state)
{
    struct scene *scene = *state;
    struct qw_caller alice = officer("alice");
    struct qw_officer officers[4];
    size_t count;

    assert_int_equal(status_by(scene, "alice"), QW_OK);
    assert_int_equal(status_by(scene, "bob"), QW_OK); /* nobody is written down yet */
    assert_int_equal(add_by(scene, "alice", "alice", QW_OFFICER_AUDIT, "/"), QW_ERR_CONFLICT);
    assert_int_equal(add_by(scene, "alice", "aud", QW_OFFICER_AUDIT, "/"), QW_OK);
    assert_int_equal(status_by(scene, "bob"), QW_ERR_REFUSED);
    assert_int_equal(status_by(scene, "aud"), QW_OK);
    scene_restart(scene);
    assert_int_equal(qw_centre_officer_list(scene->centre, &alice, "", officers, 4, &count), QW_OK);
    assert_int_equal(count, 2);
    assert_string_equal(officers[0].id, "alice");
    assert_int_equal(officers[0].roles,
                     1 << QW_OFFICER_SYSTEM | 1 << QW_OFFICER_SECURITY | 1 << QW_OFFICER_OPERATOR);
    assert_string_equal(officers[1].id, "aud");
    assert_int_equal(officers[1].roles, 1 << QW_OFFICER_AUDIT);
    assert_string_equal(officers[1].unit, "/");
    assert_string_equal(officers[1].added_by, "alice");
    assert_int_equal(status_by(scene, "bob"), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_officer_list(scene->centre, &alice, "alice", officers, 1, &count),
                     QW_OK);
    assert_int_equal(count, 1);
    assert_string_equal(officers[0].id, "aud");
    assert_journal_whole(scene);
}

static void a_suspended_or_removed_officer_is_refused_with_his_next_verb(void **state)
{
    struct scene *scene = *state;

    make_people(scene);
    assert_int_equal(status_by(scene, "ope"), QW_OK);
    assert_int_equal(change_by(scene, "sec", "ope", QW_OFFICER_RESUME), QW_ERR_STATE);
    assert_int_equal(change_by(scene, "sec", "ope", QW_OFFICER_SUSPEND), QW_OK);
    assert_int_equal(status_by(scene, "ope"), QW_ERR_REFUSED);
    assert_string_equal(last_record(scene).event.detail, "officer is suspended");
    assert_int_equal(change_by(scene, "sec", "ope", QW_OFFICER_SUSPEND), QW_ERR_STATE);
    scene_restart(scene);
    assert_int_equal(status_by(scene, "ope"), QW_ERR_REFUSED);
    assert_int_equal(change_by(scene, "sec", "ope", QW_OFFICER_RESUME), QW_OK);
    assert_int_equal(status_by(scene, "ope"), QW_OK);
    assert_int_equal(change_by(scene, "sec", "ope", QW_OFFICER_REMOVE), QW_OK);
    assert_int_equal(status_by(scene, "ope"), QW_ERR_REFUSED);
    assert_string_equal(last_record(scene).event.detail, "officer is gone");
    for (int event = QW_OFFICER_SUSPEND; event <= QW_OFFICER_REMOVE; event++) {
        assert_int_equal(change_by(scene, "sec", "ope", (enum qw_officer_event)event),
                         QW_ERR_STATE);
    }
    assert_int_equal(add_by(scene, "sec", "ope", QW_OFFICER_OPERATOR, "/"), QW_ERR_CONFLICT);
    assert_journal_whole(scene);
}

static void nobody_changes_himself_so_somebody_who_may_is_left(void **state)
{
    struct scene *scene = *state;

    make_people(scene);
    for (int event = QW_OFFICER_SUSPEND; event <= QW_OFFICER_REMOVE; event++) {
        assert_int_equal(change_by(scene, "sec", "sec", (enum qw_officer_event)event),
                         QW_ERR_REFUSED);
    }
    assert_int_equal(change_by(scene, "sec", "alice", QW_OFFICER_REMOVE), QW_OK);
    assert_int_equal(status_by(scene, "sec"), QW_OK);
}

/* Rights go downwards only. */
static void a_province_sees_and_changes_its_own_people_alone(void **state)
{
    struct scene *scene = *state;
    struct qw_caller north;
    struct qw_officer found[8] = { { .id = "untouched" } };
    size_t count;

    make_people(scene);
    assert_int_equal(add_by(scene, "sec", "sec-n", QW_OFFICER_SECURITY, "/north"), QW_OK);
    assert_int_equal(add_by(scene, "sec", "ope-s", QW_OFFICER_OPERATOR, "/south"), QW_OK);
    north = officer("sec-n");
    assert_int_equal(add_by(scene, "sec-n", "ope-n", QW_OFFICER_OPERATOR, "/north/gas"), QW_OK);
    assert_int_equal(add_by(scene, "sec-n", "x", QW_OFFICER_OPERATOR, "/"), QW_ERR_REFUSED);
    assert_int_equal(add_by(scene, "sec-n", "x", QW_OFFICER_OPERATOR, "/south"), QW_ERR_REFUSED);
    assert_int_equal(add_by(scene, "sec-n", "x", QW_OFFICER_OPERATOR, "/northern"), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_officer_find(scene->centre, &north, "ope-s", found),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_officer_find(scene->centre, &north, "sec", found), QW_ERR_NOT_FOUND);
    assert_string_equal(found[0].id, "untouched");
    assert_int_equal(change_by(scene, "sec-n", "ope-s", QW_OFFICER_SUSPEND), QW_ERR_NOT_FOUND);
    assert_int_equal(change_by(scene, "sec-n", "sec", QW_OFFICER_REMOVE), QW_ERR_NOT_FOUND);
    assert_string_equal(last_record(scene).event.detail, "outside his part of the tree");
    assert_int_equal(change_by(scene, "sec-n", "none", QW_OFFICER_REMOVE), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_officer_list(scene->centre, &north, "", found, 8, &count), QW_OK);
    assert_int_equal(count, 2);
    assert_string_equal(found[0].id, "ope-n");
    assert_string_equal(found[1].id, "sec-n");
    assert_int_equal(change_by(scene, "sec-n", "ope-n", QW_OFFICER_SUSPEND), QW_OK);
    assert_journal_whole(scene);
}

static void refuses_what_makes_no_sense(void **state)
{
    struct scene *scene = *state;
    struct qw_caller alice = officer("alice");
    struct qw_officer one;
    size_t count = 7;
    char id[QW_OFFICER_ID_CAP + 1];

    memset(id, 'a', sizeof id);
    id[QW_OFFICER_ID_CAP] = '\0';
    assert_int_equal(add_by(scene, "alice", id, QW_OFFICER_AUDIT, "/"), QW_ERR_ARG);
    assert_int_equal(add_by(scene, "alice", "two words", QW_OFFICER_AUDIT, "/"), QW_ERR_ARG);
    assert_int_equal(add_by(scene, "alice", "bob", QW_OFFICER_ROLE_COUNT, "/"), QW_ERR_ARG);
    assert_int_equal(add_by(scene, "alice", "bob", QW_OFFICER_AUDIT, "north"), QW_ERR_ARG);
    assert_int_equal(add_by(scene, id, "bob", QW_OFFICER_AUDIT, "/"), QW_ERR_ARG);
    assert_int_equal(qw_centre_officer_list(scene->centre, &alice, id, &one, 1, &count),
                     QW_ERR_ARG);
    assert_int_equal(qw_centre_officer_list(scene->centre, &alice, "", &one, 0, &count),
                     QW_ERR_ARG);
    assert_int_equal(count, 7);
    assert_int_equal(status_by(scene, "bob"), QW_OK); /* still nobody written down */
    id[QW_OFFICER_ID_CAP - 1] = '\0';
    assert_int_equal(add_by(scene, "alice", id, QW_OFFICER_AUDIT, "/"), QW_OK);
    assert_int_equal(status_by(scene, id), QW_OK);
}

static void a_write_that_fails_leaves_everybody_as_he_was(void **state)
{
    struct scene *scene = *state;

    scene->fail_at = scene->submits + 1;
    assert_int_equal(add_by(scene, "alice", "sec", QW_OFFICER_SECURITY, "/"), QW_ERR_IO);
    assert_int_equal(status_by(scene, "bob"), QW_OK); /* the founder is not written down alone */
    assert_int_equal(add_by(scene, "alice", "sec", QW_OFFICER_SECURITY, "/"), QW_OK);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(change_by(scene, "sec", "alice", QW_OFFICER_SUSPEND), QW_ERR_IO);
    assert_int_equal(status_by(scene, "alice"), QW_OK);
    scene->fail_at = scene->submits + 1; /* a refusal that cannot be written is none either way */
    assert_int_equal(status_by(scene, "bob"), QW_ERR_IO);
    assert_int_equal(status_by(scene, "bob"), QW_ERR_REFUSED);
    assert_journal_whole(scene);
}

static void a_record_that_cannot_be_read_gives_no_right(void **state)
{
    struct scene *scene = *state;
    qw_err err = QW_ERR_IO;

    make_people(scene);
    for (int n = 1; err != QW_ERR_REFUSED; n++) {
        assert_true(n < 50);
        scene->reads_fail = true;
        scene->reads = 0;
        scene->fail_read_at = n;
        err = status_by(scene, "stranger");
        scene->reads_fail = false;
        assert_true(err == QW_ERR_IO || err == QW_ERR_REFUSED);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_every_cell_of_the_table_of_rights),
        CASE(every_verb_obeys_the_table_for_every_role),
        CASE(every_verb_is_refused_to_strangers),
        CASE(the_founder_is_written_down_with_the_first_officer),
        CASE(a_suspended_or_removed_officer_is_refused_with_his_next_verb),
        CASE(nobody_changes_himself_so_somebody_who_may_is_left),
        CASE(a_province_sees_and_changes_its_own_people_alone),
        CASE(refuses_what_makes_no_sense),
        CASE(a_write_that_fails_leaves_everybody_as_he_was),
        CASE(a_record_that_cannot_be_read_gives_no_right),
    };

    return cmocka_run_group_tests_name("centre.officer", tests, NULL, NULL);
}
