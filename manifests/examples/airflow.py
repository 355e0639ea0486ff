"""A TrendJob as a task of Airflow 2.9 or later, with apache-airflow-providers-cncf-kubernetes.

The first task creates a TrendJob for each day; the second waits for its end without occupying a worker of Airflow. The
account of the connection `kubernetes_default` needs create and get on trendjobs.trendjob.dev in the namespace `trends`.
"""

from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.exceptions import AirflowFailException
from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook
from airflow.providers.cncf.kubernetes.operators.resource import KubernetesCreateResourceOperator
from airflow.sensors.base import PokeReturnValue

NAMESPACE = "trends"
NAME = "airflow-{{ ds_nodash }}"
TRENDJOB = f"""
apiVersion: trendjob.dev/v1alpha1
kind: TrendJob
metadata:
  name: {NAME}
  namespace: {NAMESPACE}
spec:
  source: airflow
  input:
    uris: ["https://posts.example.org/{{{{ ds }}}}.ndjson.gz"]
  failurePolicy: {{backoffLimitPerShard: 3}}
  ttlSecondsAfterFinished: 86400
"""


def verdict(trendjob):
    """Returns the result of a TrendJob, or None while it runs. A failure ends the task for good."""
    conditions = {one["type"]: one for one in trendjob.get("status", {}).get("conditions", [])}
    if conditions.get("Failed", {}).get("status") == "True":
        raise AirflowFailException(conditions["Failed"]["message"])
    if conditions.get("Complete", {}).get("status") == "True":
        return trendjob["status"].get("result", {})
    return None


@dag(schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["trendjob"])
def trends():
    create = KubernetesCreateResourceOperator(
        task_id="create",
        yaml_conf=TRENDJOB,
        custom_resource_definition=True,
        namespace=NAMESPACE,
        retries=3,
    )

    @task.sensor(poke_interval=30, timeout=timedelta(hours=6).total_seconds(), mode="reschedule")
    def wait(name):
        trendjob = KubernetesHook().get_custom_object(
            group="trendjob.dev", version="v1alpha1", plural="trendjobs", name=name, namespace=NAMESPACE
        )
        result = verdict(trendjob)
        return PokeReturnValue(is_done=result is not None, xcom_value=result)

    create >> wait(NAME)


trends()
