kubectl create serviceaccount pod-sa
kubectl create serviceaccount namespace-sa
kubectl create role pod-lister --verb=list --resource=pods
kubectl create rolebinding pod-lister --role=pod-lister --serviceaccount=default:pod-sa
kubectl create clusterrole namespace-lister --verb=list --resource=namespaces
kubectl create clusterrolebinding namespace-lister --clusterrole=namespace-lister --serviceaccount=default:namespace-sa
