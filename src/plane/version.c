/*
 * version.c - which source the library was built from, and how its types are laid out.
 *
 * Compiled anew after each commit.
 */
#include <string.h>

#include "ipl_audit.h"
#include "ipl_bench.h"
#include "ipl_places.h"
#include "ipl_study.h"

const char *ipl_version(void) { return IPL_VERSION " (" IPL_REVISION ")"; }

size_t ipl_sizeof(const char *type)
{
    static const struct {
        const char *name;
        size_t      bytes;
    } types[] = {
#define TYPE(name) {#name, sizeof(name)}
        TYPE(ipl_status),         TYPE(ipl_mat),           TYPE(ipl_labels),
        TYPE(ipl_device_options), TYPE(ipl_device_info),   TYPE(ipl_ceilings),
        TYPE(ipl_option_type),    TYPE(ipl_option),        TYPE(ipl_array),
        TYPE(ipl_data_set),       TYPE(ipl_data_parts),    TYPE(ipl_data_split),
        TYPE(ipl_data_scale),     TYPE(ipl_data_options),  TYPE(ipl_dataset),
        TYPE(ipl_classes),        TYPE(ipl_mat_rows),       TYPE(ipl_samples_of),
        TYPE(ipl_act),            TYPE(ipl_net_shape),     TYPE(ipl_init),
        TYPE(ipl_optimizer),      TYPE(ipl_train_options), TYPE(ipl_gradient_stats),
        TYPE(ipl_mi_estimator),   TYPE(ipl_bin_form),      TYPE(ipl_mi_options),
        TYPE(ipl_mi_family),      TYPE(ipl_mi_sweep),      TYPE(ipl_mi_point),
        TYPE(ipl_mi_layer),
        TYPE(ipl_mi_job),         TYPE(ipl_mi_samples),    TYPE(ipl_mi_error),
        TYPE(ipl_mi_refusal),     TYPE(ipl_bin_correction), TYPE(ipl_policy_kind),
        TYPE(ipl_tick),           TYPE(ipl_measured_x),
        TYPE(ipl_measured_rows),  TYPE(ipl_config),        TYPE(ipl_config_key),
        TYPE(ipl_memory),         TYPE(ipl_progress),      TYPE(ipl_run_info),
        TYPE(ipl_activations),    TYPE(ipl_keep),          TYPE(ipl_export),
        TYPE(ipl_compression_row), TYPE(ipl_pool_over),    TYPE(ipl_window),
        TYPE(ipl_doubt),          TYPE(ipl_plane_row),     TYPE(ipl_plane_training),
        TYPE(ipl_plane),         TYPE(ipl_key_role),
        TYPE(ipl_study_key),      TYPE(ipl_study_run),     TYPE(ipl_study_work),
        TYPE(ipl_study_options),  TYPE(ipl_study_state),   TYPE(ipl_study_progress),
        TYPE(ipl_link),           TYPE(ipl_places),
        TYPE(ipl_audit_cause),    TYPE(ipl_audit_pair),    TYPE(ipl_audit_layer),
        TYPE(ipl_audit_report),   TYPE(ipl_audit_files),   TYPE(ipl_target_form),
        TYPE(ipl_target_options), TYPE(ipl_targets),
#undef TYPE
    };
    for (size_t k = 0; type && k < sizeof types / sizeof *types; ++k)
        if (!strcmp(types[k].name, type)) return types[k].bytes;
    return 0;
}
