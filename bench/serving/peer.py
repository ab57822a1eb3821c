"""FastAPI and LightGBM: the body checked by pydantic, one worker, the model in memory.

"threads": a plain function, which FastAPI runs in its thread pool, as its documentation advises for work that blocks.
"loop": an async function that scores on the event loop, which is quicker for one row and stops all others meanwhile.
"""

import sys

import lightgbm
import numpy as np
import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

model_file, port, where = sys.argv[1], int(sys.argv[2]), sys.argv[3]
booster = lightgbm.Booster(model_file=model_file)
names = booster.feature_name()


class Split(BaseModel):
    columns: list[str]
    data: list[list[float]]


class Body(BaseModel):
    dataframe_split: Split


app = FastAPI()


@app.get("/ping")
async def ping():
    return {}


def score(body: Body):
    split = body.dataframe_split
    if split.columns != names:
        raise HTTPException(400, "other columns than the model's")
    predicted = booster.predict(np.array(split.data), num_threads=1)
    return {"predictions": [{"prediction": value} for value in predicted.tolist()]}


async def score_on_loop(body: Body):
    return score(body)


app.post("/invocations")(score if where == "threads" else score_on_loop)

uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning")
