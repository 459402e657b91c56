/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_ROUTES_H
#define QWAVED_ROUTES_H

#include "router.h"

/* The handlers behind the table in routes.c, one file per noun. */
void route_device_register(struct call *call);
void route_device_list(struct call *call);
void route_device_show(struct call *call);
void route_device_suspend(struct call *call);
void route_device_resume(struct call *call);
void route_device_destroy(struct call *call);
void route_device_bind(struct call *call);
void route_device_fuse(struct call *call);
void route_device_unbind(struct call *call);
void route_device_peers(struct call *call);
void route_device_quota(struct call *call);
void route_device_home(struct call *call);
void route_device_describe(struct call *call);
void route_device_move(struct call *call);
void route_device_charge(struct call *call);
void route_charge_order(struct call *call);
void route_charge_order_cancel(struct call *call);
void route_charge_order_list(struct call *call);
void route_device_order(struct call *call);
void route_device_proof(struct call *call);
void route_device_charge_confirm(struct call *call);

void route_unit_list(struct call *call);
void route_unit_quota(struct call *call);

void route_share_show(struct call *call);
void route_share_rehearse(struct call *call);
void route_share_begin(struct call *call);
void route_share_enter(struct call *call);
void route_share_rotate(struct call *call);
void route_share_take(struct call *call);
void route_share_confirm(struct call *call);
void route_share_cancel(struct call *call);

void route_import_begin(struct call *call);
void route_import_lines(struct call *call);
void route_import_commit(struct call *call);
void route_import_drop(struct call *call);

void route_psk_create(struct call *call);
void route_psk_revoke(struct call *call);

void route_certificate_issue(struct call *call);
void route_certificate_renew(struct call *call);
void route_certificate_list(struct call *call);
void route_certificate_show(struct call *call);
void route_certificate_revoke(struct call *call);
void route_authority_list(struct call *call);

void route_officer_add(struct call *call);
void route_officer_list(struct call *call);
void route_officer_suspend(struct call *call);
void route_officer_resume(struct call *call);
void route_officer_remove(struct call *call);

void route_request_ask(struct call *call);
void route_request_list(struct call *call);
void route_request_approve(struct call *call);
void route_request_deny(struct call *call);

void route_radio_contact(struct call *call);
void route_radio_package(struct call *call);
void route_radio_receipt(struct call *call);
void route_radio_end(struct call *call);
void route_radio_view(struct call *call);

void route_network_show(struct call *call);
void route_network_report(struct call *call);

void route_key_status(struct call *call);
void route_key_new(struct call *call);
void route_key_fetch(struct call *call);
void route_key_acknowledge(struct call *call);
void route_key_void(struct call *call);
void route_key_compromised(struct call *call);
void route_key_show(struct call *call);
void route_key_suspend(struct call *call);
void route_key_resume(struct call *call);
void route_key_archive(struct call *call);
void route_key_recover(struct call *call);
void route_key_void_one(struct call *call);
void route_key_destroy(struct call *call);
void route_key_compromised_one(struct call *call);

void route_group_create(struct call *call);
void route_group_change(struct call *call);
void route_group_end(struct call *call);
void route_group_show(struct call *call);
void route_group_key(struct call *call);

void route_skip_capabilities(struct call *call);
void route_skip_key_new(struct call *call);
void route_skip_key_fetch(struct call *call);
void route_skip_entropy(struct call *call);

void route_partner_versions(struct call *call);
void route_partner_keys(struct call *call);
void route_partner_void(struct call *call);
void route_partner_acks(struct call *call);

void route_audit_head(struct call *call);
void route_audit_rotate(struct call *call);
void route_audit_records(struct call *call);

void route_status(struct call *call);
/* A source and how many keys are from it. */
void stock_part_write(struct qw_json_writer *w, const struct qw_stock_part *part);
/* The object of GET /v1/status. */
void status_write(struct qw_json_writer *w, const struct service *service,
                  const struct qw_centre_status *status);
void route_events(struct call *call);
/* For officers of the whole centre who may read the status: what happens is not sorted by units.
 * QW_ERR_REFUSED, in the journal, for anybody else. */
qw_err call_may_look(const struct call *call) QW_MUST_USE;
void route_health(struct call *call);
void route_ready(struct call *call);
void route_metrics(struct call *call);
void route_metrics_sealed(struct call *call);

void route_reload(struct call *call);

void route_maintenance_show(struct call *call);
void route_maintenance_set(struct call *call);

void route_alarm_list(struct call *call);
void route_pair_list(struct call *call);
void route_alarm_acknowledge(struct call *call);

void route_authentication_show(struct call *call);
void route_authentication_unlock(struct call *call);
void route_kek_show(struct call *call);
void route_kek_rotate(struct call *call);
void route_backup_begin(struct call *call);

void route_self(struct call *call);
void route_self_password(struct call *call);
void route_officer_password(struct call *call);

void route_session_show(struct call *call);
void route_session_open(struct call *call);
void route_session_stay(struct call *call);
void route_session_end(struct call *call);

void route_console(struct call *call);
void route_console_file(struct call *call);
void route_console_asset(struct call *call);

void route_seal_show(struct call *call);
void route_seal_close(struct call *call);
void route_seal_share(struct call *call);
void route_health_sealed(struct call *call);

#endif
