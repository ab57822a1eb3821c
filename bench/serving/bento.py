"""The same model as a BentoML service, as its documentation writes one."""

import os

import bentoml
import lightgbm
import numpy as np
from pydantic import BaseModel


class Split(BaseModel):
    columns: list[str]
    data: list[list[float]]


@bentoml.service(workers=1)
class Delay:
    def __init__(self):
        self.booster = lightgbm.Booster(model_file=os.environ["MODEL_FILE"])
        self.names = self.booster.feature_name()

    @bentoml.api
    def invocations(self, dataframe_split: Split) -> dict:
        if dataframe_split.columns != self.names:
            raise bentoml.exceptions.InvalidArgument("other columns than the model's")
        predicted = self.booster.predict(np.array(dataframe_split.data), num_threads=1)
        return {"predictions": [{"prediction": value} for value in predicted.tolist()]}
