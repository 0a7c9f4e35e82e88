"""Hugging Carbon every night: tried again after exit status 4 (the Hub or the network), and after no other."""
import subprocess, pendulum
from airflow.exceptions import AirflowException, AirflowFailException
from airflow.sdk import dag, task  # Airflow 3; in 2: from airflow.decorators import dag, task

@dag(schedule="17 2 * * *", start_date=pendulum.datetime(2026, 1, 1), catchup=False, max_active_runs=1)
def hugging_carbon():
    @task(retries=4, retry_delay=pendulum.duration(minutes=30))
    def run():
        where = ["--config", "/etc/hugging-carbon/pipeline.toml", "--data-dir", "/var/lib/hugging-carbon"]
        status = subprocess.run(["hugging-carbon", *where, "--log-format", "json", "run"]).returncode
        if status: raise (AirflowException if status == 4 else AirflowFailException)(f"hugging-carbon run: exit status {status}")
    run()

hugging_carbon()
