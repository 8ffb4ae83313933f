//! Names of waiters in Airflow's Amazon provider.

use crate::diagnostic::fold;

/// Service, Airflow's name, and the name of the equivalent waiter here.
const NAMES: &[(&str, &str, &str)] = &[
    ("appflow", "run_complete", "flow_execution_successful"),
    ("athena", "calculation_complete", "calculation_completed"),
    ("athena", "query_complete", "query_succeeded"),
    ("batch", "batch_job_complete", "job_succeeded"),
    ("batch", "compute_env_ready", "compute_environment_valid"),
    ("bedrock", "batch_inference_complete", "model_invocation_job_completed"),
    ("bedrock", "batch_inference_scheduled", "model_invocation_job_scheduled"),
    ("bedrock", "model_customization_job_complete", "model_customization_job_completed"),
    ("bedrock", "provisioned_model_throughput_complete", "provisioned_model_throughput_in_service"),
    ("comprehend", "create_document_classifier_complete", "document_classifier_trained"),
    ("comprehend", "pii_entities_detection_job_complete", "pii_entities_detection_job_completed"),
    ("databrew", "job_complete", "job_run_succeeded"),
    ("datazone", "notebook_run_complete", "notebook_run_succeeded"),
    ("dms", "replication_complete", "replication_completed"),
    ("dms", "replication_deprovisioned", "replication_stopped"),
    ("dms", "replication_terminal_status", "replication_stopped"),
    ("dms", "table_reload_complete", "tables_loaded"),
    ("dms", "table_validation_complete", "tables_validated"),
    ("dynamodb", "export_table", "export_completed"),
    ("dynamodb", "import_table", "import_completed"),
    ("emr", "job_flow_terminated", "cluster_terminated"),
    ("emr", "job_flow_waiting", "cluster_waiting"),
    ("emr", "notebook_running", "notebook_execution_running"),
    ("emr", "notebook_stopped", "notebook_execution_stopped"),
    ("emr", "step_wait_for_terminal", "step_complete"),
    ("emr", "steps_wait_for_terminal", "steps_completed"),
    ("emr-containers", "container_job_complete", "job_run_completed"),
    ("emr-serverless", "no_job_running", "application_idle"),
    ("emr-serverless", "serverless_app_created", "application_created"),
    ("emr-serverless", "serverless_app_deleted", "application_deleted"),
    ("emr-serverless", "serverless_app_started", "application_started"),
    ("emr-serverless", "serverless_app_stopped", "application_stopped"),
    ("emr-serverless", "serverless_app_terminated", "application_deleted"),
    ("emr-serverless", "serverless_job_completed", "job_run_succeeded"),
    ("emr-serverless", "serverless_job_running", "job_run_running"),
    ("emr-serverless", "serverless_session_ready", "session_idle"),
    ("emr-serverless", "serverless_session_terminated", "session_terminated"),
    (
        "glue",
        "data_quality_rule_recommendation_run_complete",
        "data_quality_rule_recommendation_run_succeeded",
    ),
    (
        "glue",
        "data_quality_ruleset_evaluation_run_complete",
        "data_quality_ruleset_evaluation_run_succeeded",
    ),
    ("glue", "job_complete", "job_run_succeeded"),
    ("kinesisanalyticsv2", "application_start_complete", "application_running"),
    ("kinesisanalyticsv2", "application_stop_complete", "application_ready"),
    ("opensearchserverless", "collection_available", "collection_active"),
    ("quicksight", "ingestion_complete", "ingestion_completed"),
    ("sagemaker", "pipeline_execution_complete", "pipeline_execution_succeeded"),
    ("sagemaker", "processing_job_complete", "processing_job_completed"),
    ("sagemaker", "training_job_complete", "training_job_completed"),
    ("sagemaker", "transform_job_complete", "transform_job_completed"),
    ("sagemaker", "tuning_job_complete", "hyper_parameter_tuning_job_completed"),
    ("stepfunctions", "step_function_succeeded", "execution_succeeded"),
];

/// The name of the waiter of `service` that is equivalent to Airflow's `name`.
#[must_use]
pub fn of_airflow(service: &str, name: &str) -> Option<&'static str> {
    let wanted = fold(name);
    let found = NAMES.iter().find(|(known, theirs, _)| *known == service && fold(theirs) == wanted);
    found.map(|(_, _, ours)| *ours)
}

/// Airflow's names for the waiter `name` of `service`.
pub fn airflow_names(service: &str, name: &str) -> impl Iterator<Item = &'static str> {
    let wanted = fold(name);
    let same =
        move |(known, _, ours): &&(&str, &str, &str)| *known == service && fold(ours) == wanted;
    NAMES.iter().filter(same).map(|(_, theirs, _)| *theirs)
}
