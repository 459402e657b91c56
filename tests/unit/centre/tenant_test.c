/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C16 C10 C8 */
/* Devices in a tree of units: who may touch which, who sees which, and with whom applications of
 * different units may have keys [docs/design/people.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "centre/device/card_book.h"
#include "centre/device/describe.h"
#include "centre/people/officer.h"
#include "centre/psk/psk.h"
#include "unit/centre/scene.h"

#include <stdio.h>

static const struct qw_caller *by(const char *id)
{
    static struct qw_caller caller;

    caller = (struct qw_caller){ .role = QW_ROLE_OPERATOR };
    (void)snprintf(caller.id, sizeof caller.id, "%s", id);
    return &caller;
}

static qw_err add(struct scene *scene, const char *officer, const char *id,
                  enum qw_device_kind kind, const char *peers, const char *unit)
{
    struct qw_device_entry entry = {
        .id = id, .kind = kind, .owner = "", .peers = peers, .unit = unit
    };

    return qw_centre_device_add(scene->centre, by(officer), &entry);
}

static qw_err pair(struct scene *scene, const char *master, const char *slave)
{
    struct qw_caller caller = { .role = QW_ROLE_SAE };
    struct qw_given_key key;
    struct qw_key_wish wish = { .slave = slave,
                                .count = 1,
                                .bits = QW_KEY_BITS_STANDARD,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    (void)snprintf(caller.id, sizeof caller.id, "%s", master);
    return qw_centre_deliver(scene->centre, &caller, &wish, &key);
}

static const struct {
    const char *id;
    enum qw_officer_role role;
    const char *unit;
} people[] = {
    { "ope-n", QW_OFFICER_OPERATOR, "/north" }, { "sec-n", QW_OFFICER_SECURITY, "/north" },
    { "sys-n", QW_OFFICER_SYSTEM, "/north" },   { "aud-n", QW_OFFICER_AUDIT, "/north" },
    { "ope-s", QW_OFFICER_OPERATOR, "/south" }, { "sec-s", QW_OFFICER_SECURITY, "/south" },
    { "sys-s", QW_OFFICER_SYSTEM, "/south" },   { "aud-s", QW_OFFICER_AUDIT, "/south" },
};

/* Two provinces with their people; alice is the founder. An application and a terminal in each. */
static int make(void **state)
{
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    make_station(scene);
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
        assert_int_equal(qw_centre_officer_add(scene->centre, by("alice"), people[i].id,
                                               people[i].role, people[i].unit),
                         QW_OK);
    }
    assert_int_equal(add(scene, "ope-n", "app-n", QW_DEVICE_APPLICATION, "", NULL), QW_OK);
    assert_int_equal(add(scene, "ope-n", "app-ng", QW_DEVICE_APPLICATION, "app-n", "/north/gas"),
                     QW_OK);
    assert_int_equal(add(scene, "ope-s", "app-s", QW_DEVICE_APPLICATION, "", NULL), QW_OK);
    assert_int_equal(add(scene, "ope-n", "phone-n", QW_DEVICE_TERMINAL, "app-n", NULL), QW_OK);
    assert_int_equal(add(scene, "alice", "app-root", QW_DEVICE_APPLICATION, "*", NULL), QW_OK);
    return 0;
}

/* Every verb on a device, by whoever has the right for it. */
static qw_err do_find(struct scene *s, const char *id, const char *who)
{
    struct qw_device device;

    return qw_centre_device_find(s->centre, by(who), id, &device);
}
static qw_err do_charge(struct scene *s, const char *id, const char *who)
{
    uint8_t out[8192];
    size_t len;

    return qw_centre_charge(s->centre, by(who), id, "station-1", 1, out, sizeof out, &len);
}
static qw_err do_confirm(struct scene *s, const char *id, const char *who)
{
    return qw_centre_charge_confirm(s->centre, by(who), id, (const uint8_t *)"x", 1);
}
static qw_err do_bind(struct scene *s, const char *id, const char *who)
{
    return qw_centre_card_bind(s->centre, by(who), id, "li");
}
static qw_err do_unbind(struct scene *s, const char *id, const char *who)
{
    return qw_centre_card_unbind(s->centre, by(who), id);
}
static qw_err do_fuse(struct scene *s, const char *id, const char *who)
{
    return qw_centre_card_fuse(s->centre, by(who), id);
}
static qw_err do_order(struct scene *s, const char *id, const char *who)
{
    uint8_t order[QW_ORDER_LEN];

    return qw_centre_device_order(s->centre, by(who), id, order);
}
static qw_err do_proof(struct scene *s, const char *id, const char *who)
{
    uint8_t done[QW_ORDER_DONE_MESSAGE_LEN];

    return qw_centre_device_proof(s->centre, by(who), id, (const uint8_t *)"x", 1, done);
}
static qw_err do_suspend(struct scene *s, const char *id, const char *who)
{
    return qw_centre_device_change(s->centre, by(who), id, QW_DEVICE_SUSPEND);
}
static qw_err do_resume(struct scene *s, const char *id, const char *who)
{
    return qw_centre_device_change(s->centre, by(who), id, QW_DEVICE_RESUME);
}
static qw_err do_destroy(struct scene *s, const char *id, const char *who)
{
    return qw_centre_device_change(s->centre, by(who), id, QW_DEVICE_DESTROY);
}
static qw_err do_peers(struct scene *s, const char *id, const char *who)
{
    return qw_centre_device_set_peers(s->centre, by(who), id, "app-x");
}
static qw_err do_home(struct scene *s, const char *id, const char *who)
{
    return qw_centre_device_set_home(s->centre, by(who), id, "");
}
static qw_err do_quota(struct scene *s, const char *id, const char *who)
{
    return qw_centre_device_set_quota(s->centre, by(who), id, 5, 1);
}
static qw_err do_psk_create(struct scene *s, const char *id, const char *who)
{
    uint8_t key[QW_PSK_LEN];

    return qw_centre_psk_create(s->centre, by(who), id, key);
}
static qw_err do_psk_revoke(struct scene *s, const char *id, const char *who)
{
    return qw_centre_psk_revoke(s->centre, by(who), id);
}

static qw_err do_describe(struct scene *s, const char *id, const char *who)
{
    struct qw_device_note note = { .firmware = "1.0" };

    return qw_centre_device_describe(s->centre, by(who), id, &note);
}
static qw_err do_move(struct scene *s, const char *id, const char *who)
{
    return qw_centre_device_move(s->centre, by(who), id, who[4] == 'n' ? "/north" : "/south");
}

static const struct {
    qw_err (*verb)(struct scene *scene, const char *id, const char *who);
    const char *role; /* of who may, without the province */
} verbs[] = {
    { do_find, "aud" },       { do_charge, "ope" },   { do_confirm, "ope" },
    { do_suspend, "ope" },    { do_resume, "sec" },   { do_destroy, "sec" },
    { do_peers, "sec" },      { do_home, "sys" },     { do_fuse, "ope" },
    { do_bind, "ope" },       { do_unbind, "sec" },   { do_order, "ope" },
    { do_proof, "ope" },      { do_quota, "sys" },    { do_psk_create, "ope" },
    { do_psk_revoke, "sec" }, { do_describe, "ope" }, { do_move, "sec" },
};

static void a_province_cannot_touch_or_see_a_device_of_another(void **state)
{
    struct scene *scene = *state;
    struct qw_device before, after;

    assert_int_equal(qw_centre_device_find(scene->centre, by("alice"), "app-s", &before), QW_OK);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        char who[16];

        (void)snprintf(who, sizeof who, "%s-n", verbs[i].role);
        /* Not there, beside him, above him: one answer. */
        assert_int_equal(verbs[i].verb(scene, "none", who), QW_ERR_NOT_FOUND);
        assert_int_equal(verbs[i].verb(scene, "app-s", who), QW_ERR_NOT_FOUND);
        assert_int_equal(verbs[i].verb(scene, "app-root", who), QW_ERR_NOT_FOUND);
        assert_int_equal(verbs[i].verb(scene, "station-1", who), QW_ERR_NOT_FOUND);
        assert_int_not_equal(verbs[i].verb(scene, "app-n", "sys-s"), QW_OK);
    }
    assert_int_equal(qw_centre_device_find(scene->centre, by("alice"), "app-s", &after), QW_OK);
    assert_memory_equal(&before, &after, sizeof before);
    assert_journal_whole(scene);
}

static void a_province_works_with_its_own_devices(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(do_find(scene, "app-ng", "aud-n"), QW_OK);
    assert_int_equal(do_peers(scene, "app-ng", "sec-n"), QW_OK);
    assert_int_equal(do_quota(scene, "app-ng", "sys-n"), QW_OK);
    assert_int_equal(do_psk_create(scene, "app-ng", "ope-n"), QW_OK);
    assert_int_equal(do_psk_revoke(scene, "app-ng", "sec-n"), QW_OK);
    assert_int_equal(do_destroy(scene, "app-ng", "sec-n"), QW_OK);
    assert_int_equal(do_find(scene, "app-ng", "alice"), QW_OK);
}

static void a_list_shows_a_province_its_own_alone(void **state)
{
    struct scene *scene = *state;
    struct qw_device devices[8];
    size_t count;

    assert_int_equal(qw_centre_device_list(scene->centre, by("aud-n"), "", devices, 8, &count),
                     QW_OK);
    assert_int_equal(count, 3);
    assert_string_equal(devices[0].id, "app-n");
    assert_string_equal(devices[1].id, "app-ng");
    assert_string_equal(devices[1].unit, "/north/gas");
    assert_string_equal(devices[2].id, "phone-n");
    assert_int_equal(qw_centre_device_list(scene->centre, by("aud-n"), "app-n", devices, 1, &count),
                     QW_OK);
    assert_int_equal(count, 1);
    assert_string_equal(devices[0].id, "app-ng");
    assert_int_equal(qw_centre_device_list(scene->centre, by("aud-s"), "", devices, 8, &count),
                     QW_OK);
    assert_int_equal(count, 1);
    assert_int_equal(qw_centre_device_list(scene->centre, by("alice"), "", devices, 8, &count),
                     QW_OK);
    assert_int_equal(count, 6);
}

/* More than what is looked at under one lock stands before the one that is shown. */
static void a_list_walks_past_any_number_of_others(void **state)
{
    struct scene *scene = *state;
    struct qw_device devices[2];
    size_t count;

    for (int i = 0; i < 600; i++) {
        char id[32];

        (void)snprintf(id, sizeof id, "meter-%03d", i);
        assert_int_equal(add(scene, "ope-n", id, QW_DEVICE_TERMINAL, "", NULL), QW_OK);
    }
    assert_int_equal(add(scene, "ope-s", "zz", QW_DEVICE_TERMINAL, "", NULL), QW_OK);
    assert_int_equal(qw_centre_device_list(scene->centre, by("aud-s"), "", devices, 2, &count),
                     QW_OK);
    assert_int_equal(count, 2);
    assert_string_equal(devices[1].id, "zz");
    assert_int_equal(qw_centre_device_list(scene->centre, by("aud-s"), "zz", devices, 2, &count),
                     QW_OK);
    assert_int_equal(count, 0);
}

static void registers_within_its_own_part_only(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(add(scene, "ope-n", "x", QW_DEVICE_APPLICATION, "", "/"), QW_ERR_REFUSED);
    assert_int_equal(add(scene, "ope-n", "x", QW_DEVICE_APPLICATION, "", "/south"), QW_ERR_REFUSED);
    assert_int_equal(add(scene, "ope-n", "x", QW_DEVICE_APPLICATION, "", "/northern"),
                     QW_ERR_REFUSED);
    assert_int_equal(add(scene, "ope-n", "x", QW_DEVICE_APPLICATION, "", "north"), QW_ERR_ARG);
    assert_int_equal(add(scene, "ope-n", "x", QW_DEVICE_KME, "", NULL), QW_ERR_ARG);
    assert_int_equal(add(scene, "alice", "x", QW_DEVICE_KME, "", "/north"), QW_ERR_ARG);
    assert_int_equal(add(scene, "ope-n", "x", QW_DEVICE_TERMINAL, "app-s", NULL), QW_ERR_REFUSED);
    assert_int_equal(add(scene, "ope-n", "x", QW_DEVICE_TERMINAL, "app-root", NULL),
                     QW_ERR_REFUSED);
    assert_int_equal(add(scene, "ope-n", "x", QW_DEVICE_TERMINAL, "nobody", NULL), QW_ERR_REFUSED);
    assert_int_equal(do_find(scene, "x", "alice"), QW_ERR_NOT_FOUND);
    assert_int_equal(add(scene, "ope-n", "x", QW_DEVICE_TERMINAL, "app-ng", NULL), QW_OK);
}

/* A station serves its own unit and what is beneath it. */
static void a_station_of_another_unit_makes_no_card(void **state)
{
    struct scene *scene = *state;
    uint8_t out[8192];
    size_t len = 0;

    assert_int_equal(add(scene, "ope-s", "station-s", QW_DEVICE_STATION, "", NULL), QW_OK);
    assert_int_equal(add(scene, "ope-n", "station-n", QW_DEVICE_STATION, "", NULL), QW_OK);
    for (int i = 0; i < 2; i++) {
        const char *id = i == 0 ? "station-s" : "station-n";
        struct qw_card_keys wrap = card_keys(&scene->station);

        assert_int_equal(charge(scene, id, 0, out, sizeof out, &len), QW_OK);
        card_open_and_take(&scene->ap_card, out, len, wrap.wrap);
        assert_int_equal(confirm(scene, &scene->ap_card), QW_OK);
    }
    assert_int_equal(qw_centre_charge(scene->centre, by("ope-n"), "phone-n", "station-s", 1, out,
                                      sizeof out, &len),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_charge(scene->centre, by("ope-n"), "phone-n", "station-n", 1, out,
                                      sizeof out, &len),
                     QW_OK);
}

/* Peers reach as far as the part of the tree of whoever said so. */
static void keys_between_provinces_need_an_officer_above_both(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(pair(scene, "app-ng", "app-n"), QW_OK);
    assert_int_equal(pair(scene, "app-n", "app-ng"), QW_ERR_REFUSED); /* of one's own tenant */
    /* of another as if it were not there: an application learns no names by asking */
    assert_int_equal(pair(scene, "app-n", "app-nobody"), QW_ERR_NOT_FOUND);
    assert_int_equal(pair(scene, "app-n", "app-s"), QW_ERR_NOT_FOUND);
    assert_int_equal(
        qw_centre_device_set_peers(scene->centre, by("sec-n"), "app-n", "app-s,app-ng"), QW_OK);
    assert_int_equal(pair(scene, "app-n", "app-s"), QW_ERR_NOT_FOUND);
    assert_int_equal(pair(scene, "app-n", "app-ng"), QW_OK);
    assert_int_equal(qw_centre_device_set_peers(scene->centre, by("sec-n"), "app-n", "*"), QW_OK);
    assert_int_equal(pair(scene, "app-n", "app-s"), QW_ERR_NOT_FOUND);
    assert_int_equal(pair(scene, "app-n", "app-root"), QW_ERR_NOT_FOUND);
    assert_int_equal(pair(scene, "app-n", "app-ng"), QW_OK);
    assert_int_equal(qw_centre_device_set_peers(scene->centre, by("alice"), "app-n", "app-s"),
                     QW_OK);
    assert_int_equal(pair(scene, "app-n", "app-s"), QW_OK);
    assert_int_equal(pair(scene, "app-s", "app-n"), QW_ERR_NOT_FOUND); /* each way for itself */
    assert_int_equal(qw_centre_device_set_peers(scene->centre, by("sec-n"), "app-n", "app-s"),
                     QW_OK);
    assert_int_equal(pair(scene, "app-n", "app-s"), QW_ERR_NOT_FOUND);
    scene_restart(scene);
    assert_int_equal(pair(scene, "app-n", "app-s"), QW_ERR_NOT_FOUND);
    assert_int_equal(pair(scene, "app-ng", "app-n"), QW_OK);
    assert_journal_whole(scene);
}

/* What builds before the tree wrote: layout 3, no units. */
static void a_device_of_an_earlier_build_stands_at_the_root(void **state)
{
    static const uint8_t zero[128];
    static struct qw_card_book book;
    uint8_t plain[1024];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);

    (void)state;
    qw_write_u8(&w, 3);
    qw_write_string8(&w, "app-1");
    qw_write_u8(&w, QW_DEVICE_APPLICATION);
    qw_write_u8(&w, QW_DEVICE_ACTIVE);
    qw_write_string8(&w, "Li Hua");
    qw_write_string8(&w, "app-2");
    qw_write_bytes(&w, zero, 16 + 4 + 8 + 8 + 4 + 8); /* serial to last contact */
    qw_write_u32be(&w, 70);
    qw_write_u8(&w, 2);
    qw_write_string8(&w, "kme-b");
    qw_write_u64be(&w, 9);
    qw_write_u8(&w, 0);
    qw_write_bytes(&w, zero, QW_CARD_KEY_LEN + 8 + QW_CARD_TOKEN_LEN + 16);
    qw_write_bytes(&w, zero, QW_CARD_TOKEN_LEN + 16 + 16);
    qw_write_string8(&w, "");
    qw_write_bytes(&w, zero, 2 * (8 + 2) + 2); /* empty pools, no sightings */
    assert_false(w.failed);
    assert_int_equal(qw_card_book_decode(plain, w.len, &book), QW_OK);
    assert_string_equal(book.device.unit, "/");
    assert_string_equal(book.device.peers_unit, "/");
    assert_string_equal(book.device.home, "kme-b");
    assert_int_equal(book.device.keys_per_s, 70);
    assert_int_equal(book.number, 9);
    plain[0] = 4; /* the new layout has two texts more */
    assert_int_equal(qw_card_book_decode(plain, w.len, &book), QW_ERR_IO);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_province_cannot_touch_or_see_a_device_of_another),
        CASE(a_province_works_with_its_own_devices),
        CASE(a_list_shows_a_province_its_own_alone),
        CASE(a_list_walks_past_any_number_of_others),
        CASE(registers_within_its_own_part_only),
        CASE(a_station_of_another_unit_makes_no_card),
        CASE(keys_between_provinces_need_an_officer_above_both),
        cmocka_unit_test(a_device_of_an_earlier_build_stands_at_the_root),
    };

    return cmocka_run_group_tests_name("centre.tenant", tests, NULL, NULL);
}
